"""What the records declare."""

from rattail.feature import Command, Feature

_CLI = "rattail.features.products"

FEATURE = Feature(
    name="products",
    title="Records",
    commands=(
        Command(
            "migrate-db", "Make the tables of the records, or bring them up to date.", f"{_CLI}.migrate.cli:migrate_db"
        ),
        Command("make-store", "Make a store (a location).", f"{_CLI}.cli:make_store"),
        Command("make-vendor", "Make a vendor.", f"{_CLI}.cli:make_vendor"),
        Command("list-vendors", "List the vendors.", f"{_CLI}.cli:list_vendors"),
    ),
)
