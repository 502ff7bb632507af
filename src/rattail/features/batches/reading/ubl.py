"""UBL: from an XML file to its documents, part by part, whatever prefixes its namespaces have.

A document is read as a stream of its direct children (`InvoiceLine`, `TaxTotal` ...), each forgotten when it
was used, so that the number of lines does not matter. A document may stand inside an envelope, as Peppol
sends it. Extensions and signatures are passed over.

Document type declarations, which UBL never has, are refused together with all entities that they could
define, and so nothing is fetched from anywhere.
"""

import re
from collections.abc import Iterator
from typing import IO, Final, NamedTuple
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from rattail.errors import InputRejected
from rattail.features.batches.reading.source import Source

_LARGEST_PART_BYTES = 64 << 20
_DEEPEST = 200
_ROOT = re.compile(r"<(?:([A-Za-z_][\w.-]*):)?([A-Za-z_][\w.-]*)((?:\s[^<>]*)?)/?>")
_UBL: Final = "urn:oasis:names:specification:ubl:schema:xsd:"
_PASSED_OVER = frozenset(("UBLExtensions", "Signature", "AdditionalDocumentReference"))
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Part(NamedTuple):
    """One direct child of a document. `document` counts from 1; `kind` is `Invoice`, `CreditNote` ...

    An `element` of None is the end of the document.
    """

    document: int
    kind: str
    name: str
    element: Element | None


def local_name(tag: str) -> str:
    return tag.rpartition("}")[2]


def found(element: Element, *path: str) -> Element | None:
    """The first element at the end of a path of local names; None where there is none."""
    for name in path:
        for child in element:
            if local_name(child.tag) == name:
                element = child
                break
        else:
            return None
    return element


def text_at(element: Element, *path: str) -> str:
    """The text at the end of a path of local names, its blanks tidied; empty where there is none."""
    at = found(element, *path)
    return " ".join((at.text or "").split()) if at is not None else ""


def children(element: Element, name: str) -> Iterator[Element]:
    return (child for child in element if local_name(child.tag) == name)


def kinds_of(source: Source) -> list[str]:
    """Which UBL documents the beginning of the file names (`Invoice`), each once, in their order."""
    if source.container != "xml":
        return []
    kinds = []
    declared = dict(re.findall(r"""xmlns:([\w.-]+)\s*=\s*["']([^"']*)["']""", source.text))
    for prefix, name, attributes in _ROOT.findall(source.text):
        own = re.search(r"""xmlns\s*=\s*["']([^"']*)["']""", attributes)
        namespace = declared.get(prefix, "") if prefix else own[1] if own else ""
        if namespace == f"{_UBL}{name}-2":
            kinds.append(name)
    return list(dict.fromkeys(kinds))


def describe_xml(source: Source) -> str:
    """What the file is, as a phrase: `a UBL inventory report`; empty where it is no XML."""
    if source.container != "xml":
        return ""
    kinds = kinds_of(source)
    if kinds:
        return "a UBL " + " and ".join(_WORDS.sub(" ", kind).lower() for kind in kinds)
    if re.search(r"<!DOCTYPE", source.text[:4096]):
        return "an XML file with a document type declaration, which is not read for safety"
    root = _ROOT.search(source.text)
    if root is None:
        return "an XML file"
    if "un:unece:uncefact:data:standard:CrossIndustryInvoice" in source.text:
        return "a UN/CEFACT Cross Industry Invoice, an XML invoice that is not UBL"
    return f"an XML file whose outermost element is {root[2][:40]}"


def parts_of(source: Source, wanted: frozenset[str]) -> Iterator[Part]:
    """All direct children of all documents of the wanted kinds, and the end of each.

    Raises:
        InputRejected: the file is cut off or no XML, declares a document type, or one part is too large.
    """
    with open(source.path, "rb") as stream:
        measured = _Measured(stream, source.name)
        try:
            yield from _walk(iterparse(measured, ("start", "end"), forbid_dtd=True), measured, wanted)
        except DefusedXmlException:
            raise InputRejected(
                f"{source.name} declares a document type or entities, which can make a reader fetch other files "
                "or fill its memory. UBL never has them: the file was refused.",
                hint="ask the sender for the file without <!DOCTYPE>",
            ) from None
        except ParseError as error:
            line, column = error.position
            raise InputRejected(
                f"{source.name} is cut off or is no well-formed XML: reading ends at line {line}, column {column + 1}"
                f" ({str(error).split(':')[0]}). Nothing of it was taken.",
                hint="ask the sender for the file again",
            ) from None
        except (LookupError, ValueError) as error:  # an encoding that Python does not know, or cannot use in XML
            raise InputRejected(f"{source.name} cannot be read as XML: {error}.") from None


class _Measured:
    """A stream that refuses to read on when too much came since the last part."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream, self._name = stream, name
        self.since_last = 0

    def read(self, size: int = -1) -> bytes:
        block = self._stream.read(size)
        self.since_last += len(block)
        if self.since_last > _LARGEST_PART_BYTES:
            raise InputRejected(
                f"{self._name} has an element of more than {_LARGEST_PART_BYTES >> 20} MB, which no line of an "
                "invoice needs.",
                hint="ask the sender for the file without its attachments",
            )
        return block


def _walk(events: Iterator[tuple[str, Element]], measured: _Measured, wanted: frozenset[str]) -> Iterator[Part]:
    """Follow the elements down to the parts, and clear each when it was used."""
    stack: list[Element] = []
    depth_of_document, document, kind = 0, 0, ""
    for event, element in events:
        if event == "start":
            stack.append(element)
            if len(stack) > _DEEPEST:
                raise InputRejected(f"an element stands inside {_DEEPEST} others: this is no invoice.")
            name = local_name(element.tag)
            if not depth_of_document and name in wanted and element.tag == f"{{{_UBL}{name}-2}}{name}":
                depth_of_document, kind = len(stack), name
                document += 1
            continue
        depth = len(stack)
        stack.pop()
        name = local_name(element.tag)
        if depth == depth_of_document:
            yield Part(document, kind, name, None)
            depth_of_document = 0
        elif depth_of_document and depth == depth_of_document + 1 and name not in _PASSED_OVER:
            yield Part(document, kind, name, element)
        if not depth_of_document or depth <= depth_of_document + 1:
            element.clear()
            if stack:
                stack[-1].remove(element)
            measured.since_last = 0
