"""What the lists of the records show, on both databases."""

from __future__ import annotations

from collections.abc import Mapping

from tests.features.products.pages.listing import NOW, PRINTED, all_rows, make_shop, select
from tests.kit.shop import Shop, in_shop

Env = Mapping[str, str]
PRODUCTS = "products.list_with_costs"
CODES = (PRINTED, "0-74305-00132-1", "7430500132", "4011", "074305", "u9999", "10074305001328")
HOSTILE = ("x" * 10_000, "%_\\!", "!", "%", "9" * 400, str(2**63), "٣٤٥", "-1", "' OR 1=1 --", "é" * 300, "a " * 500)


def test_a_list_read_in_parts_has_every_row_once_and_in_order(emptied_env: Env) -> None:
    def act(shop: Shop) -> None:
        make_shop(shop)
        whole = {f"Old 100% Mill Beans {number:03d}" for number in range(1, 31)}
        for filters in ({}, {"vendor": "unfi"}, {"words": "beans mill"}):
            names = [row[1] for row in all_rows(PRODUCTS, filters)]
            assert len(names) == 30, filters
            assert set(names) == whole
        assert len(all_rows("products.stock_with_costs")) == 40
        assert [row[0] for row in all_rows("products.vendors", limit=1)] == ["kehe", "unfi"]
        assert [row[0] for row in all_rows("products.stores", limit=1)] == ["1", "2"]

    in_shop(emptied_env, act)


def test_a_product_is_found_by_its_code_in_any_form(emptied_env: Env) -> None:
    def act(shop: Shop) -> None:
        make_shop(shop, products=3)
        for text in CODES:
            assert [row[1] for row in all_rows(PRODUCTS, {"code": text})] == ["Old 100% Mill Beans 001"], text
            assert {row[1] for row in all_rows("products.stock", {"code": text})} == {PRINTED}, text

    in_shop(emptied_env, act)


def test_words_narrow_whatever_their_case_and_signs_mean_themselves(emptied_env: Env) -> None:
    def act(shop: Shop) -> None:
        make_shop(shop, products=9)
        assert len(all_rows(PRODUCTS, {"words": "BEANS 003"})) == 1
        assert len(all_rows(PRODUCTS, {"words": "100%"})) == 9
        assert all_rows(PRODUCTS, {"words": "0%M"}) == []
        assert all_rows(PRODUCTS, {"words": "b_ans"}) == []
        assert len(all_rows(PRODUCTS, {"department": "10"})) == 5
        assert [row[1] for row in all_rows(PRODUCTS, {"only": "costless"})] == ["Old 100% Mill Beans 005"]

    in_shop(emptied_env, act)


def test_cost_price_and_stock_are_those_of_today(emptied_env: Env) -> None:
    def act(shop: Shop) -> None:
        make_shop(shop, products=3)
        common, first, second = (
            all_rows(PRODUCTS, {"code": PRINTED, **store})[0] for store in ({}, {"store": "1"}, {"store": "2"})
        )
        assert common[4:7] == (10_000, 30_000, 10_000)
        assert first[4:7] == (10_000, 40_000, 10_000)
        assert second[4:7] == (10_000, 20_000, None)
        assert all_rows(PRODUCTS, {"words": "003"})[0][6] == 20_000

    in_shop(emptied_env, act)


def test_the_value_of_stock_is_exact(emptied_env: Env) -> None:
    def act(shop: Shop) -> None:
        from rattail.retail.models import Stock, VendorCost

        make_shop(shop, products=1)
        VendorCost.objects.filter(effective="2026-02-01").update(unit_cost="0.3333")
        Stock.objects.update(on_hand="2.86115")

        row = all_rows("products.stock_with_costs")[0]

        assert row[4:6] == (3333, 9536)  # 2.8612 x 0.3333 = 0.95363796

    in_shop(emptied_env, act)


def test_somebody_sees_the_stock_ledger_and_invoices_of_their_stores_only(emptied_env: Env) -> None:
    def act(shop: Shop) -> None:
        from rattail.retail.models import Product, Store, Vendor

        make_shop(shop, products=3)
        product, vendor = Product.objects.order_by("-id").first(), Vendor.objects.first()
        assert product
        assert vendor
        for store in (*Store.objects.all(), None):
            code = store.code if store else "none"
            shop.make("Invoice", vendor=vendor, number=f"of {code}", store=store, currency="USD", total=5)
            if store:
                moment = {"at": NOW, "recorded_at": NOW, "recorded_by": "x"}
                shop.make("StockMovement", product=product, store=store, before=0, after=1, reason=code, **moment)
        seen = {
            "stock": {row[0] for row in all_rows("products.stock_with_costs", stores=["2"])},
            "asked": all_rows("products.stock", {"store": "1"}, stores=["2"]),
            "ledger": [row[1] for row in all_rows("products.ledger", {"product": str(product.pk)}, stores=["2"])],
            "invoices": [row[0] for row in all_rows("products.invoices", stores=["2"])],
            "stores": [row[0] for row in all_rows("products.stores", stores=["2"])],
            "on_hand": all_rows(PRODUCTS, {"words": "003"}, stores=["2"])[0][6],
            "nobody": all_rows("products.stock", stores=[]),
        }
        assert seen == {
            "stock": {"2"},
            "asked": [],
            "ledger": ["2"],
            "invoices": ["of 2"],
            "stores": ["2"],
            "on_hand": -10_000,
            "nobody": [],
        }
        assert len(all_rows("products.invoices")) == 3

    in_shop(emptied_env, act)


def test_no_filter_and_no_cursor_breaks_a_list(emptied_env: Env) -> None:
    def act(shop: Shop) -> None:
        from rattail.registry import load_registry
        from rattail.web.listing import listing_of

        make_shop(shop, products=2)
        registry = load_registry()
        for name in [name for name in registry.lists if name.startswith("products.")]:
            listing = listing_of(registry, name)
            for value in HOSTILE:
                select(name, after=value)
                for each in (*(one.name for one in listing.filters), *listing.fixed):
                    select(name, {each: value}, after=value)

    in_shop(emptied_env, act)


def test_a_page_of_a_list_asks_as_few_questions_for_a_hundred_products_as_for_one(emptied_env: Env) -> None:
    def act(shop: Shop) -> None:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        make_shop(shop, products=30)
        for name in (PRODUCTS, "products.stock_with_costs", "products.items_with_costs"):
            counts = []
            for limit in (1, 30):
                with CaptureQueriesContext(connection) as asked:
                    select(name, limit=limit, stores=["1"])
                counts.append(len(asked))
            assert counts[0] == counts[1] <= 5, name

    in_shop(emptied_env, act)


def test_on_sqlite_every_list_goes_on_from_an_index(emptied_env: Env) -> None:
    if "RATTAIL_DATABASE_URL" in emptied_env:
        return  # PostgreSQL plans by the size of the tables: a hundred products are read as a whole

    def act(shop: Shop) -> None:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        make_shop(shop, products=2)
        for name, filters, after in (
            (PRODUCTS, {}, "1"),
            (PRODUCTS, {"vendor": "unfi"}, "U0001"),
            (PRODUCTS, {"department": "10"}, "1"),
            ("products.stock_with_costs", {}, ""),
            ("products.items_with_costs", {"vendor": "1"}, "U0001"),
            ("products.invoices", {}, "5"),
            ("products.invoice_lines", {"invoice": "1"}, "5"),
            ("products.ledger", {"product": "1"}, "5"),
            ("products.vendors", {}, "a"),
        ):
            with CaptureQueriesContext(connection) as asked:
                select(name, filters, after=after)
            with connection.cursor() as cursor:
                for query in asked.captured_queries:
                    cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
                    steps = [str(row[3]) for row in cursor.fetchall()]
                    large = (
                        "retail_product ",
                        "retail_price ",
                        "retail_stock ",
                        "retail_vendoritem ",
                        "retail_vendorcost ",
                    )
                    scans = [step for step in steps if step.startswith("SCAN") and f"{step[5:]} ".startswith(large)]
                    assert scans == [], (name, filters, query["sql"], steps)

    in_shop(emptied_env, act)
