"""The pages of the records, as people with different roles see them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.kit.web import Web, web_test

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
COST, NEXT_COST, VALUE = "1.2345", "7.6543", "12.345"


def make(record: str, **values: Any) -> int:
    from django.apps import apps

    return int(apps.get_model("retail", record)._default_manager.create(**values).pk)


def make_product() -> int:
    """One product with everything: two stores, a vendor, costs, an invoice, a ledger."""
    stores = [make("Store", code=code, name=f"Store {code}") for code in ("1", "2")]
    vendor = make("Vendor", code="unfi", name="United <Foods>")
    product = make("Product", description="Black <Beans>", brand="Mill")
    make("ProductCode", product_id=product, kind="gtin", key="0007430500132")
    item = make("VendorItem", vendor_id=vendor, product_id=product, code="U1", is_preferred=True)
    stamp = {"recorded_at": NOW, "recorded_by": "bea", "batch": 12}
    for day, cost in (("2026-01-01", "1.1"), ("2026-02-01", COST), ("2199-01-01", NEXT_COST)):
        make("VendorCost", vendor_item_id=item, effective=day, unit_cost=cost, **stamp)
    for store, amount in zip(stores, (10, 20), strict=True):
        make("Stock", store_id=store, product_id=product, on_hand=amount)
        make("Price", product_id=product, store_id=store, kind="regular", starts="2026-01-01", amount=f"{amount}.99")
        moves = {"before": 0, "after": amount, "reason": f"counted in {store}", "at": NOW, **stamp}
        make("StockMovement", store_id=store, product_id=product, **moves)
    invoice = make("Invoice", vendor_id=vendor, number="INV-1", store_id=stores[0], currency="USD", total=5, batch=13)
    make("InvoiceLine", invoice_id=invoice, position=1, product_id=product, unit="each", unit_cost=COST, amount=5)
    return product


def addresses(product: int) -> list[str]:
    """Every page that shows something of the product to whoever may see products."""
    from rattail.retail.models import Vendor

    vendor = Vendor.objects.get().pk
    here = f"/products/{product}/"
    return [
        "/products/",
        here,
        f"{here}ledger/",
        "/stock/",
        "/vendors/",
        f"/vendors/{vendor}/",
        f"/vendors/{vendor}/items/",
    ]


@web_test()
def test_costs_are_on_no_page_of_somebody_without_the_permission(web: Web) -> None:
    product = make_product()
    bea, cora = web.client_of("bea", "buyer"), web.client_of("cora", "counter")
    pages = {
        name: "".join(client.get(address).content.decode() for address in addresses(product))
        for name, client in (("bea", bea), ("cora", cora))
    }

    for text in (COST, NEXT_COST, VALUE, "INV-1"):
        assert text in pages["bea"], text
        assert text not in pages["cora"], text
    assert 'class="chart"' in pages["bea"]
    assert 'class="chart"' not in pages["cora"]
    assert "Black &lt;Beans&gt;" in pages["cora"]
    assert cora.get("/invoices/").status_code == 403


@web_test()
def test_a_download_holds_no_costs_for_somebody_without_the_permission(web: Web) -> None:
    product = make_product()
    cora = web.client_of("cora", "counter")

    page = cora.get("/products/").content.decode()

    assert 'value="products.list"' in page
    assert cora.post("/my-files/make/", {"list": "products.list_with_costs", "format": "csv"}).status_code == 403
    assert cora.post("/my-files/make/", {"list": "products.invoices", "format": "csv"}).status_code == 403
    assert product


@web_test()
def test_whoever_works_in_one_store_sees_its_stock_prices_and_ledger_only(web: Web) -> None:
    product = make_product()
    rico = web.client_of("rico", "receiver", store="2")

    page = rico.get(f"/products/{product}/").content.decode()
    stock = rico.get("/stock/").content.decode()
    asked = rico.get("/stock/?store=1").content.decode()

    assert "20.99" in page
    assert "10.99" not in page
    assert "Store 1" not in page + stock + asked
    assert "Nothing fits the filter" in asked
    assert rico.get("/invoices/").content.decode().count("INV-1") == 0


@web_test()
def test_an_invoice_of_another_store_is_not_there(web: Web) -> None:
    from rattail.retail.models import Invoice

    make_product()
    address = f"/invoices/{Invoice.objects.get().pk}/"

    assert web.client_of("rico", "receiver", store="2").get(address).status_code == 404
    assert web.client_of("bea", "buyer").get(address).status_code == 200


@web_test()
def test_a_product_shows_what_it_costs_will_cost_and_cost_as_line_and_table(web: Web) -> None:
    product = make_product()

    page = web.client_of("bea", "buyer").get(f"/products/{product}/").content.decode()

    assert "Today one unit costs <strong>1.2345</strong>" in page
    assert "From 2199-01-01: 7.6543" in page
    assert page.count('class="point"') == 3
    assert page.count('<td data-t="From">') >= 3
    assert "00000012" in page
    assert "00000013" in page
    assert "074305001321" in page


@web_test()
def test_a_vendor_and_a_store_are_made_on_their_forms_once(web: Web) -> None:
    from rattail.audit.models import Entry

    bea = web.client_of("bea", "buyer")

    first = bea.post("/vendors/new/", {"code": "unfi", "name": "United", "identifier": ""})
    again = bea.post("/vendors/new/", {"code": "unfi", "name": "United"})
    store = bea.post("/stores/new/", {"code": "north", "name": "North"})

    assert first.headers["Location"] == "/vendors/"
    assert again.status_code == 422
    assert "there is a vendor" in again.content.decode()
    assert store.headers["Location"] == "/stores/"
    assert "Made vendor unfi, United." in again.content.decode()
    assert "Made store north, North." in bea.get("/stores/").content.decode()
    assert sorted(Entry.objects.filter(actor="bea").values_list("subject", flat=True)) == ["store north", "vendor unfi"]


@web_test()
def test_only_who_may_configure_makes_vendors_and_stores(web: Web) -> None:
    from rattail.retail.models import Vendor

    rico = web.client_of("rico", "receiver")

    assert rico.get("/vendors/new/").status_code == 403
    assert rico.post("/vendors/new/", {"code": "x", "name": "X"}).status_code == 403
    assert "New vendor" not in rico.get("/vendors/").content.decode()
    assert not Vendor.objects.exists()


@web_test()
def test_nothing_that_is_typed_breaks_a_form(web: Web) -> None:
    bea = web.client_of("bea", "buyer")
    for text in ("", "\0", "x" * 10_000, "../..", "a/b", "\u202e", "٣", ".", "\n"):
        for page in ("/vendors/new/", "/stores/new/"):
            status = bea.post(page, {"code": text, "name": text, "identifier": text}).status_code
            assert status in (302, 422), (page, text)


@web_test()
def test_numbers_that_no_record_can_have_are_not_found(web: Web) -> None:
    bea = web.client_of("bea", "buyer")
    for number in (0, 999, 2**63 - 1, 2**63, 10**80):
        for page in ("products/{}", "products/{}/ledger", "vendors/{}", "vendors/{}/items", "invoices/{}"):
            assert bea.get(f"/{page.format(number)}/").status_code == 404, page


@web_test()
def test_links_of_lists_are_the_addresses_of_the_pages(web: Web) -> None:
    from django.urls import reverse

    from rattail.features.products.pages import addresses as made

    batch = made.batch_link(7)

    assert web.root.exists()
    assert made.product_link(7).address == reverse("products.product", args=[7])
    assert made.vendor_link(7, "").address == reverse("products.vendor", args=[7])
    assert made.invoice_link(7, "").address == reverse("products.invoice", args=[7])
    assert batch
    assert batch.address == reverse("batches.show", args=[7])


@web_test()
def test_each_list_says_what_to_do_where_there_is_nothing(web: Web) -> None:
    alice = web.client_of("alice", "manager")
    for page in ("/products/", "/stock/", "/vendors/", "/invoices/", "/stores/", "/departments/"):
        assert 'class="empty"' in alice.get(page).content.decode(), page
