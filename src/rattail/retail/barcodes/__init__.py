"""The one door for every code in the system: bar codes, PLUs, weighed codes, GS1 element strings.

Codes are text. Two codes are the same item when their kind and their **key** are equal. The key has 13 digits: the
GTIN-14 without its last digit, the check digit. It is the only form in which files with and without check digits meet:

    074305001321        GTIN-12               0007430500132
     74305001321        its zero was lost     0007430500132
     07430500132        no check digit        0007430500132
      7430500132        neither               0007430500132
    0074305001321       as an EAN-13          0007430500132
    10074305001328      a case of it          1007430500132    base_item_key() is the item inside
    04252614            UPC-E                 0004210000526
    4011, 000000040112  PLU, its barcode      0000000004011
    94011               organic               0000000094011
    201234602996        weighed, price 2.99   0020123400000

Whether the last digit is a check digit cannot be seen in one code. A `CodeSurvey` looks at a whole column, and makes
the `CodeRules` that read it; `read_code` reads a single code where there is no column. What was mended is reported
with each code; what could be read in two ways is refused (`BadCode`), never guessed. A number of 1,000 to 99,999 is a
PLU, however many zeros stand before it; 9999 and 99999 are placeholders, as vendors use them.
"""

from rattail.retail.barcodes.check_digits import check_digit
from rattail.retail.barcodes.code import REPAIRS, BadCode, Code, CodeFault, CodeKind, Type2Layout
from rattail.retail.barcodes.forms import base_item_key, gtin14, printed
from rattail.retail.barcodes.rules import CodeRules, Tally, Undecided, read_code
from rattail.retail.barcodes.survey import CodeSurvey

__all__ = [
    "REPAIRS",
    "BadCode",
    "Code",
    "CodeFault",
    "CodeKind",
    "CodeRules",
    "CodeSurvey",
    "Tally",
    "Type2Layout",
    "Undecided",
    "base_item_key",
    "check_digit",
    "gtin14",
    "printed",
    "read_code",
]
