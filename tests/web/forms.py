"""What a page offers to send: every form with its fields, and every address, read from the HTML."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit


class Form(NamedTuple):
    """A form: where it goes, how, and the names of its fields with the values that the page gives them."""

    address: str
    method: str
    fields: tuple[tuple[str, str], ...]

    @property
    def shape(self) -> tuple[str, str, tuple[str, ...]]:
        """Two forms of one shape are the same form on two pages, or for two records."""
        path = "/".join("#" if part.isdigit() else part for part in urlsplit(self.address).path.split("/"))
        return path, self.method, tuple(sorted({name for name, _ in self.fields}))


class Offers(HTMLParser):
    """The forms and links of a page."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._open: tuple[str, str] | None = None
        self._fields: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = (urljoin(self._address, said.get("action", "")), said.get("method", "get").lower())
            self._fields = []
        elif tag in ("input", "select", "textarea", "button") and said.get("name"):
            self._fields.append((said["name"], said.get("value", "")))
        for name in ("href", "hx-get"):
            target = said.get(name, "")
            if tag != "link" and target and not target.startswith(("#", "http", "data:")):
                self.links.append(urljoin(self._address, target).partition("#")[0])
        for method in ("post", "delete", "put", "patch"):
            if f"hx-{method}" in said and tag != "form":
                self.forms.append(Form(urljoin(self._address, said[f"hx-{method}"]), method, ()))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._open is not None:
            self.forms.append(Form(*self._open, tuple(self._fields)))
            self._open = None


def offers_of(address: str, html: str) -> Offers:
    """Read a page."""
    offers = Offers(address)
    offers.feed(html)
    return offers


def shape_of(address: str) -> str:
    """An address without what differs from record to record: pages of one kind have one shape."""
    split = urlsplit(address)
    path = "/".join("#" if part.isdigit() else part for part in split.path.split("/"))
    names = sorted(each.partition("=")[0] for each in split.query.split("&") if each)
    return f"{path}?{'&'.join(names)}"


def distinct(forms: list[Form]) -> Iterator[Form]:
    """One form of each shape."""
    seen: set[object] = set()
    for form in forms:
        if form.shape not in seen:
            seen.add(form.shape)
            yield form
