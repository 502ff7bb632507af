"""What a file is that no format recognises: so that its refusal can say why."""

from rattail.features.batches.reading.edifact import describe_edifact
from rattail.features.batches.reading.source import Source
from rattail.features.batches.reading.ubl import describe_xml
from rattail.features.batches.reading.x12 import describe_x12

_DESCRIBERS = (describe_x12, describe_edifact, describe_xml)


def what_it_is(source: Source) -> str:
    """What the file is, as a phrase that completes "this is ...": `an X12 850 (purchase order)`; empty if not known."""
    return next((said for describe in _DESCRIBERS if (said := describe(source))), "")
