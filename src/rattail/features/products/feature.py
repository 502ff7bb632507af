"""What the records declare."""

from rattail.config.option import Option
from rattail.feature import Command, Feature

_CLI = "rattail.features.products"

FEATURE = Feature(
    name="products",
    title="Records",
    options=(
        Option(
            name="weighed_codes",
            help="What the codes of the shop's own scales carry after the item: a price of four digits with a check "
            "digit of its own, a price of five digits, a weight of five digits, or nothing that is known.",
            default="price_4",
            choices=("price_4", "price_5", "weight_5", "none"),
        ),
    ),
    checks=(f"{_CLI}.checks:check_database",),
    commands=(
        Command(
            "migrate-db", "Make the tables of the records, or bring them up to date.", f"{_CLI}.migrate.cli:migrate_db"
        ),
        Command("make-store", "Make a store (a location).", f"{_CLI}.cli:make_store"),
        Command("make-vendor", "Make a vendor.", f"{_CLI}.cli:make_vendor"),
        Command("list-vendors", "List the vendors.", f"{_CLI}.cli:list_vendors"),
        Command(
            "approve-products",
            "List or approve products that came with vendors' files.",
            f"{_CLI}.approve.cli:approve_products",
        ),
        Command("export-csv", "Write the records as CSV files, one a table.", f"{_CLI}.csv_out.cli:export_csv"),
    ),
)
