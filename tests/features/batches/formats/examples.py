"""One whole small file for every named layout, written for these tests."""

UNFI_CATALOG = (
    "PRICE LIST 7 - SUBJECT TO CHANGE\r\n"
    "UPRD\tUPCC\tBRND\tDESC\tSIZE\tPACK\tCAVD\r\n"
    "0410007\t088412000011\tHILLTOP\tLENTILS,RED,OG\t16 OZ\t12\t2988\r\n"
    '0410015\t088412000028\tCAF\xc9 SOL\tCOFFEE 10" FILTER\t100 CT\t6\t1450\r\n'
)
UNFI_EAST = (
    "a,prod,brand,pk,size,cat,desc,b,reg,c,d,e,net,f,upc,g,srp,h,i,j,flags\r\n"
    ',410007,HILLTOP,12,16 OZ,41,"LENTILS, RED",,"$1,029.88",,,,$998.40,,0008841200001,,$3.49,,,,O1g\r\n'
    ",410022,HILLTOP,1,25#,41,OATS BULK,,$21.50,,,,$21.50,,0008841200007,,$1.29,,,,\r\n"
    ",990001,PROMO,1,EA,1,SHELF CARD,,,,,,,,0000000000000,,,,,,\r\n"
)
UNFI_INVOICE = (
    "RecType,InvNum,a,b,InvoiceDate,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,OrderDate,s,t,PONumber\r\n"
    "Header,07700451,,,03/04/2026,,,,,,,,,,,,,,,,,03/02/2026,,,PO5512\r\n"
    "RecType,a,b,UPC,ProductID,QuantityShipped,Servings,Size,Brand,Description,c,d,e,ExtendedPrice,f,NetPricePerUnit,"
    "g,Status,QuantityOrdered\r\n"
    "Detail,,,088412-000011,0410007,3,12,16 OZ,HILLTOP,LENTILS RED,,,,88.75,,2.49,,,3\r\n"
    "Detail,,,088412-000028,0410015,0,6,100 CT,SOL,FILTERS,,,,0.00,,2.42,,OUT,2\r\n"
    "Detail,,,000000-000000,0000000,1,CS,,,FREIGHT,,,,11.25,,11.25,,,1\r\n"
    "Footer,,,,,,,,,,,,,100.00,,,,,\r\n"
)
KEHE_V1 = (
    "InvoiceNumber\tInvoice Date\tUPC Code\tShip Item\tBrand\tDescription\tOrder Qty\tShip Qty\tNet Each\tNet Billable"
    "\tPack Size\r\n"
    "58001\t2026-03-04\t088412000011\t0021007\tHILLTOP\tLENTILS RED\t12\t12\t2.49\t29.85\t12/16.00 OZ\r\n"
    "58001\t2026-03-04\t\t0021099\tBULK\tOATS\t2\t2\t21.50\t43.00\t1/25.00 LB\r\n"
)
_KEHE_NAMES = (
    "InvoiceNumber,InvoiceDate,Upc,ShipItem,Brand,Description,{},ShipQuantity,NetEach,NetBillable,PackSize\r\n"
)
_KEHE_LINE = "58002,{},088412000011,0021007,HILLTOP,LENTILS RED,12,12,2.49,29.85,12/16.00 OZ\r\n"
KEHE_V2 = _KEHE_NAMES.format("OrderQuantity") + _KEHE_LINE.format("3/4/2026 12:00:00 AM")
KEHE_V3 = KEHE_V2.replace(",", "\t")
KEHE_V4 = _KEHE_NAMES.format("OrderQuatity") + _KEHE_LINE.format("03/04/2026")
ALBERTS = (
    "Invoice Date,UPCPLU,ItemNumber,BrandName,MV,PkgSize,UOMAbbr,PkgCount,ShipQty,CasePrice,EachPrice\r\n"
    "03/04/2026,94225,20031,,AVOCADO OG,25,LB,0,2,37.50,1.50\r\n"
    "03/04/2026,0-88412-00042-4,20077,GREENLY,SPINACH OG,5,OZ,8,1,20.40,2.55\r\n"
)
PALM = "upc,cases,units\r\n8841200001,1,2\r\n8841200002,,6\r\n"
PALM_RECORDS = b"".join(
    code.ljust(15, b"\0") + cases.ljust(4, b"\0") + units.ljust(4, b"\0")
    for code, cases, units in ((b"8841200001", b"1", b"2"), (b"8841200002", b"", b"6"))
)
WINCE = b"8841200001\0\0\n1\n2\n8841200002\0\n\n6\n"
WINCE_CONVERTED = "8841200001,1,2.5\r\n8841200002,,6\r\n"
OPTICON = "088412000011,3,004410,09:15:02,13/03/2026\r\n088412000028,1,004410,09:15:40,13/03/2026\r\n"
OPTICON_PADDED = f"{'088412000011':<50}+00000309:15:0213/03/2026\r\n{'088412000028':<50}-00000109:15:4013/03/2026\r\n"
OPTICON_KINDS = (
    "088412000011\tINSTOR-13\t00000003\t2026/03/13\t09:15:02\r\n4011\tEAN-8\t00000001\t2026/03/13\t09:15:40\r\n"
)
WIS = "08841200001  LENTILS RED OG    002490000349000014000\r\n08841200002  COFFEE FILTERS    00242000039900000600A\r\n"

#: Format and file, under a name for the test.
ALL: dict[str, tuple[str, str | bytes]] = {
    "unfi_catalog_tsv": ("unfi_catalog_tsv", UNFI_CATALOG),
    "unfi_east_prices": ("unfi_east_prices", UNFI_EAST),
    "unfi_invoice": ("unfi_invoice", UNFI_INVOICE),
    "kehe_invoice v1": ("kehe_invoice", KEHE_V1),
    "kehe_invoice v2": ("kehe_invoice", KEHE_V2),
    "kehe_invoice v3": ("kehe_invoice", KEHE_V3),
    "kehe_invoice v4": ("kehe_invoice", KEHE_V4),
    "alberts_invoice": ("alberts_invoice", ALBERTS),
    "palm_count": ("palm_count", PALM),
    "palm_count records": ("palm_count", PALM_RECORDS),
    "wince_count": ("wince_count", WINCE),
    "wince_count converted": ("wince_count", WINCE_CONVERTED),
    "opticon_count": ("opticon_count", OPTICON),
    "opticon_count padded": ("opticon_count", OPTICON_PADDED),
    "opticon_count kinds": ("opticon_count", OPTICON_KINDS),
    "wis_count": ("wis_count", WIS),
}
