"""The names that vendors and shops give to columns, by kind of file and field.

Each text lists the names of one field, the surest first; case, blanks, punctuation and usual abbreviations do
not count when they are compared. Of two fields that share a name the first one has it.
"""

from collections.abc import Mapping

_CODE = (
    "UPC; UPC Code; UPC Number; UPC-A; UPCA; UPC12; UPC 12; UPC 11; Unit UPC; Item UPC; Each UPC; Retail "
    "UPC; Consumer UPC; Product UPC; UPC/PLU; UPC PLU; UPC EAN; UPC/EAN; UPCEAN; EAN; EAN Code; EAN13; "
    "EAN-13; GTIN; GTIN-12; GTIN-13; GTIN UPC; GTIN/UPC; Unit GTIN; Barcode; Bar Code; Barcode Number; "
    "Scan Code; Scancode; Lookup Code; PLU; PLU Code; Retail Barcode; UPCC; EAN UPC; EAN/UPC; Item "
    "Barcode; Product Barcode; Product Code UPC; Selling Unit UPC; Artikel EAN; EAN-Code; SKU UPC; Code "
    "Barre"
)
_VENDOR_CODE = (
    "Item #; Item No; Item Number; Item Code; Item; Item ID; Vendor Item; Vendor Item #; Vendor Item "
    "Code; Vendor Code; Vendor SKU; Vendor Part; Vendor Product Code; Vendor Product Number; Supplier "
    "Item; Supplier Item #; Supplier Code; Supplier SKU; Supplier Unit ID; Supplier Product Code; Product "
    "#; Product Number; Product Code; Product ID; Product; Prod #; SKU; SKU #; SKU Code; Order Code; "
    "Order #; Catalog #; Catalog Number; Cat No; Part #; Part Number; Article; Article Number; Article "
    "No; Article Code; Artikelnummer; Artikel Nr; Art Nr; Distributor Product ID; Distributor Item; "
    "Warehouse Item; Warehouse Code; Manufacturer Item #; Stock Number; Stock Code; Ship Item; UPRD; "
    "Reorder Code; Item SKU; Our Item; Item Nbr"
)
_BRAND = (
    "Brand; Brand Name; Brands; BRND; Manufacturer; Manufacturer Name; Maker; Producer; Label; Marke; "
    "Brand Description; Brand Owner"
)
_DESCRIPTION = (
    "Description; Item Description; Product Description; Product Name; Item Name; Name; Product; Title; "
    "Long Description; Full Description; DESC; Description 1; Desc; Bezeichnung; Artikelbezeichnung; "
    "Product Title; MV; Item Desc; Short Description; Receipt Alias"
)
_SIZE = (
    "Size; Unit Size; Item Size; Product Size; Net Weight; Package Size; Pkg Size; Weight; Net Content; "
    "Contents; Volume; Package Weight; Size UOM; Size/UOM; Each Size; Net Wt; Inhalt; Unit of Size"
)
_CASE_SIZE = (
    "Case Size; Case Pack; Case Qty; Case Quantity; Case Count; Units per Case; Units/Case; Unit per "
    "Case; Each per Case; Eaches per Case; Pack Qty; Pack Quantity; Pack Count; Qty per Case; Qty/Case; "
    "Per Case; Ct per Case; Master Case; Master Case Qty; Inner Pack; CasePk; Case; Units in Case; Case "
    "Units; PkgCount; Servings; Count per Case; Cs Pk; Un/Cs; Items per Case; VPE; Pcs per Case"
)
_PACK = (
    "Pack; Pack Size; Pack/Size; Pack / Size; Case Pack/Size; Pk/Sz; Pack Description; Packing; Case Pack "
    "Size; Packaging; Pack & Size"
)
_CASE_COST = (
    "Case Cost; Cost per Case; Case Price; Cost/Case; Price per Case; Case Wholesale; Wholesale Case; "
    "Wholesale Case Price; Wholesale Case Cost; Regular Case Cost; Reg Case Cost; Net Case Cost; Case "
    "Net; CasePrice; Cost Case; Price/Case; CS Cost; Case List; Case List Price; Case Wholesale Price; "
    "CAVD; Base Case Cost"
)
_UNIT_COST = (
    "Unit Cost; Cost per Unit; Each Cost; Unit Price; Each Price; Cost/Unit; Cost Each; EA Cost; Price "
    "Each; Price per Unit; Unit Wholesale; Wholesale Unit; Wholesale Unit Price; Net Unit Cost; "
    "EachPrice; Price/Unit; Regular Unit Cost; Unit Net; Cost EA; Unit Wholesale Price; Net Each; Each; Last "
    "Cost; Einzelpreis; Stückpreis; Stueckpreis"
)
_COST = (
    "Cost; Price; Wholesale; Wholesale Price; Wholesale Cost; Net Cost; Net Price; List Cost; List Price; "
    "Base Cost; Reg Cost; Regular Cost; Regular Price; Your Cost; Your Price; Our Cost; Cost Price; WSP; "
    "Current Cost; Current Price; New Cost; New Price; Einkaufspreis; EK; Preis; EK Preis; Purchase "
    "Price; Item Cost; Dealer Cost; Dealer Price"
)
_RETAIL = (
    "SRP; MSRP; Suggested Retail; Suggested Retail Price; Sugg Retail; Retail; Retail Price; RRP; UVP; "
    "List Retail; Recommended Retail; Recommended Retail Price; Unit SRP; SRP Each; Suggested Price; "
    "Manufacturer Suggested Retail Price; Shelf Price; Sug Retail; Sugg. Retail Price"
)
_ORGANIC = "Organic; Is Organic; Org; OG; Certified Organic; Organic Flag; Organic Y/N; Bio"
_DEPARTMENT = (
    "Department; Dept; Dept Name; Department Name; Category; Category Name; Product Category; Class; "
    "Product Group; Section; Subcategory; Sub Category; Family; Commodity; Warengruppe"
)
_CATALOG = {
    "code": _CODE,
    "vendor_code": _VENDOR_CODE,
    "brand": _BRAND,
    "description": _DESCRIPTION,
    "size": _SIZE,
    "case_size": _CASE_SIZE,
    "pack": _PACK,
    "case_cost": _CASE_COST,
    "unit_cost": _UNIT_COST,
    "cost": _COST,
    "suggested_retail": _RETAIL,
    "effective": (
        "Effective; Effective Date; Eff Date; Effective From; Price Effective; Start of Price; Valid From; "
        "Cost Effective; New Cost Date; Price Date; As Of"
    ),
    "discount_amount": (
        "Discount; Discount Amount; Vendor Discount Amount; Disc Amt; Off Invoice; OI; Allowance; Promo "
        "Allowance; Deal Amount; MCB; Promo Discount"
    ),
    "discount_percent": (
        "Discount Percent; Discount %; Vendor Discount Percent; Disc %; Promo %; Percent Off; % Off; OI %; Deal %"
    ),
    "discount_starts": (
        "Discount Start; Discount Start Date; Vendor Discount Start Date; Discount Starts; Promo Start; Promo "
        "Start Date; Start Date; Start; Deal Start; Sale Start; Sale Start Date; Begin Date; Discount From; "
        "Promo Begin"
    ),
    "discount_ends": (
        "Discount End; Discount End Date; Vendor Discount End Date; Discount Ends; Promo End; Promo End Date; "
        "End Date; End; Deal End; Sale End; Sale End Date; Discount To; Promo Thru; Discount Through; Expires"
    ),
    "organic": _ORGANIC,
    "department": _DEPARTMENT,
}
_INVOICE = {
    "number": (
        "Invoice; Invoice #; Invoice No; Invoice Number; Inv No; Inv #; InvNum; Document Number; Document No; "
        "Invoice ID; Rechnungsnummer; Bill Number; Credit Number; Credit Memo; Document"
    ),
    "date": ("Invoice Date; Inv Date; Date; Document Date; Bill Date; Ship Date; Delivery Date; Rechnungsdatum"),
    "order_number": (
        "PO; PO #; PO Number; Purchase Order; Purchase Order Number; Order Number; Order No; Customer PO; PO "
        "No; PONumber"
    ),
    "vendor_name": ("Vendor; Vendor Name; Supplier; Supplier Name; Distributor"),
    "code": _CODE,
    "vendor_code": _VENDOR_CODE,
    "brand": _BRAND,
    "description": _DESCRIPTION,
    "size": _SIZE,
    "case_size": _CASE_SIZE,
    "pack": _PACK,
    "ordered": (
        "Ordered; Order Qty; Qty Ordered; Quantity Ordered; Order Quantity; Ordered Qty; Qty Ord; Ord Qty; "
        "Ord; OrderQty; Cases Ordered; Ordered Quantity; Bestellt"
    ),
    "shipped": (
        "Shipped; Ship Qty; Qty Shipped; Quantity Shipped; Ship Quantity; Shipped Qty; Qty Shp; Qty; "
        "Quantity; Qty Invoiced; Invoiced Qty; Quantity Invoiced; Delivered; Delivered Qty; Qty Delivered; "
        "Cases Shipped; Cases; Shp; Billed Qty; Qty Billed; Menge; Received; Qty Received; Bottles Sold; "
        "Shipped Quantity"
    ),
    "unit": ("UOM; Unit of Measure; U/M; UM; Unit; UOMAbbr; Sell Unit; Order UOM; Ship UOM; Qty UOM; Billing Unit"),
    "case_cost": _CASE_COST,
    "unit_cost": f"{_UNIT_COST}; Net Price per Unit; NetEach; Net Price Each",
    "cost": f"{_COST}; Invoice Cost; Rate; Unit Cost Billed",
    "amount": (
        "Amount; Extended; Extended Price; Extended Cost; Ext Price; Ext Cost; Ext; Total; Line Total; Total "
        "Cost; Total Price; Net Amount; Net Billable; Extension; Line Amount; Net Total; Net Extended; "
        "Gesamtpreis; Betrag; Summe; Extended Amount; Item Total"
    ),
    "status": ("Status; Line Status; Out of Stock; OOS; Ship Status; Stock Status; Availability; Short Reason; Reason"),
    "currency": ("Currency; Currency Code; Curr; Währung"),
}
_INVENTORY = {
    "code": f"{_CODE}; SKU; SKU Code; SKU #; Item #; Item Number; Item Code; Item; Code; Product Code; Item ID",
    "description": _DESCRIPTION,
    "cases": (
        "Cases; Case; Case Qty; Case Count; Case Quantity; Cases Counted; Qty Cases; CS; Full Cases; Cases on Hand"
    ),
    "units": (
        "Units; Unit; Qty; Quantity; Count; Counted; Unit Qty; Unit Count; Each; Eaches; EA; On Hand; Qty on "
        "Hand; Quantity on Hand; Counted Qty; Counted Quantity; Count Qty; Units Counted; Pieces; Actual; "
        "Actual Count; Physical Count; Physical; QOH; Stock; Balance on Hand; Menge; Bestand; Unit Quantity; "
        "Loose; Singles; Inventory; Physical Qty; Total Count"
    ),
    "counted_at": (
        "Counted At; Count Date; Date; Date Counted; Timestamp; Date Time; Datetime; Scan Date; Scanned At; "
        "Date/Time; Inventory Date"
    ),
    "counted_time": ("Time; Count Time; Scan Time; Time Counted"),
    "location": ("Location; Area; Section; Shelf; Aisle; Bay; Zone; Fixture; Bin; Location Name; Store Area; Rack"),
}
#: Kind of file, field, names.
NAMES: Mapping[str, Mapping[str, str]] = {
    "vendor_catalog": _CATALOG,
    "vendor_invoice": _INVOICE,
    "inventory": _INVENTORY,
}
