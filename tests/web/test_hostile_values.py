"""Every form and every filter of every page, sent with what no person would type: never a fault of ours.

The test client raises what a view does not catch, so a page of status 500 cannot hide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.kit.shop_floor import furnish
from tests.kit.web import Web, web_test
from tests.web.forms import Form, distinct, offers_of, shape_of

if TYPE_CHECKING:
    from django.test import Client

HOSTILE = (
    "",
    "../../../../etc/passwd",
    "/etc/passwd",
    "a\0b",
    "x" * 20_000,
    "' OR 1=1 --",
    "%_\\%",
    "<script>alert(1)</script>",
    "{{ 7*7 }}{% debug %}",
    "999999999999999999999999999999",
    "-1",
    "1e309",
    "NaN",
    "١٢٣",
    "\u202e\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    "2026-02-30",
    "=cmd|'/c calc'!A1",
    "\r\nSet-Cookie: stolen=1",
)
_ECHOED = b"<script>alert(1)</script>"
_MOST_PAGES = 150


@web_test()
def test_no_value_of_any_form_is_a_fault_of_ours(web: Web) -> None:
    furnish(web.root)
    client = web.client_of("alice", "manager")
    forms = list(distinct(_forms_of_all_pages(client)))
    sent, faults = 0, []

    for form in forms:
        for value in HOSTILE:
            fields = {name: value for name, _ in form.fields}
            user = web.user("alice", "manager")
            if not user.is_active:
                user.is_active = True
                user.save()
            web.log_in(client, user)
            answer = _send(client, form, fields)
            sent += 1
            if answer.status_code >= 500 and answer.status_code != 503:
                faults.append(f"{form.method} {form.address} {value[:30]!r}: {answer.status_code}")
            content = b"" if answer.streaming else answer.content
            if _ECHOED in content:
                faults.append(f"{form.method} {form.address}: what was sent comes back as a script")

    assert "\n".join(faults) == ""
    assert sent >= 20 * len(HOSTILE), f"only {len(forms)} forms were found"


def _forms_of_all_pages(client: Client) -> list[Form]:
    """The forms of every kind of page that links lead to."""
    forms: list[Form] = []
    waiting, seen = ["/"], {shape_of("/")}
    while waiting and len(seen) < _MOST_PAGES:
        address = waiting.pop(0)
        answer = client.get(address)
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            continue
        offers = offers_of(address, answer.content.decode())
        forms += offers.forms
        for link in offers.links:
            if shape_of(link) not in seen:
                seen.add(shape_of(link))
                waiting.append(link)
    return forms


def _send(client: Client, form: Form, fields: dict[str, str]):  # type: ignore[no-untyped-def] # the client's own kind
    match form.method:
        case "get":
            return client.get(form.address, fields)
        case "post":
            return client.post(form.address, fields)
        case method:
            return client.generic(method.upper(), form.address)
