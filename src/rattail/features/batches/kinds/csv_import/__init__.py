"""Tables of the records that come in as CSV: what is new, and what is another way now."""

from rattail.features.batches.kinds.csv_import.judge import CsvJudge
from rattail.features.batches.kinds.kind import Kind

KIND = Kind(name="csv_import", title="import of tables", judge=CsvJudge, correctable=(), folder="work/csv")
