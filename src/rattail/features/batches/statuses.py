"""What can be true of a row: one bit each, so that one row can carry several."""

from enum import IntFlag


class Status(IntFlag):
    """The bits of `statuses`; a bit never changes its meaning."""

    NO_CHANGE = 1
    NEW_ITEM = 2
    NEW_PRODUCT = 4
    COST_CHANGE = 8
    CASE_SIZE_CHANGE = 16
    CODE_CHANGE = 32
    PRODUCT_CHANGE = 64
    RETAIL_CHANGE = 128
    DISCOUNT_CHANGE = 256
    QUANTITY_CHANGE = 512
    PRODUCT_NOT_FOUND = 1024
    COST_NOT_KNOWN = 2048
    COST_DIFFERS = 4096
    DUPLICATE = 8192
    SUSPICIOUS = 16384
    QUESTION = 32768
    BAD_ROW = 65536
    OUT_OF_STOCK = 131072
    RECEIVED = 262144
    REMOVED = 524288
    EDITED = 1048576
    CASE_SIZE_NOT_KNOWN = 2097152
    NEGATIVE = 4194304
    NEW_RECORD = 8388608
    RECORD_CHANGE = 16777216


#: A row with one of these changes nothing until a person has dealt with it.
HELD = Status.DUPLICATE | Status.SUSPICIOUS | Status.QUESTION | Status.BAD_ROW | Status.REMOVED

TITLES = {
    Status.NO_CHANGE: "no change",
    Status.NEW_ITEM: "new item of the vendor",
    Status.NEW_PRODUCT: "new product, to be approved",
    Status.COST_CHANGE: "cost change",
    Status.CASE_SIZE_CHANGE: "case size change",
    Status.CODE_CHANGE: "another vendor code than before",
    Status.PRODUCT_CHANGE: "vendor code now names another product",
    Status.RETAIL_CHANGE: "suggested retail change",
    Status.DISCOUNT_CHANGE: "discount change",
    Status.QUANTITY_CHANGE: "quantity change",
    Status.PRODUCT_NOT_FOUND: "product not found",
    Status.COST_NOT_KNOWN: "cost not known",
    Status.COST_DIFFERS: "cost differs from the catalog",
    Status.DUPLICATE: "duplicate",
    Status.SUSPICIOUS: "suspicious jump, held back",
    Status.QUESTION: "needs an answer, held back",
    Status.BAD_ROW: "bad row, set aside",
    Status.OUT_OF_STOCK: "out of stock",
    Status.RECEIVED: "received into stock",
    Status.REMOVED: "removed by a person",
    Status.EDITED: "changed by a person",
    Status.CASE_SIZE_NOT_KNOWN: "case size not known",
    Status.NEGATIVE: "negative quantity",
    Status.NEW_RECORD: "new record",
    Status.RECORD_CHANGE: "record change",
}


def names(statuses: int) -> list[str]:
    """The stable names of the bits that are set: `cost_change`."""
    return [one.name.lower() for one in Status(statuses) if one.name]
