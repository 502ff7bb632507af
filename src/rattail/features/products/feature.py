"""What the records declare."""

from rattail.config.option import Option
from rattail.feature import FORM, Command, Feature, List, Page, Permission

_CLI = "rattail.features.products"
_PAGES = f"{_CLI}.pages"

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
    permissions=(
        Permission(
            "products.view", "See products, prices, vendors and stock", roles=("buyer", "receiver", "counter", "viewer")
        ),
        Permission("products.costs", "See costs and invoices", roles=("buyer", "receiver")),
        Permission("products.configure", "Make vendors and stores", roles=("buyer",)),
    ),
    pages=(
        Page("products/", "products.list", f"{_PAGES}.products:products", "products.view", menu="Products", order=30),
        Page("products/<int:number>/", "products.product", f"{_PAGES}.product:product", "products.view"),
        Page("products/<int:number>/ledger/", "products.ledger", f"{_PAGES}.ledger:ledger", "products.view"),
        Page("departments/", "products.departments", f"{_PAGES}.places:departments", "products.view"),
        Page("stock/", "products.stock", f"{_PAGES}.stock:stock", "products.view", menu="Stock", order=40),
        Page("vendors/", "products.vendors", f"{_PAGES}.vendors:vendors", "products.view", menu="Vendors", order=50),
        Page("vendors/new/", "products.new_vendor", f"{_PAGES}.forms:new_vendor", "products.configure", FORM),
        Page("vendors/<int:number>/", "products.vendor", f"{_PAGES}.vendors:vendor", "products.view"),
        Page("vendors/<int:number>/items/", "products.items", f"{_PAGES}.vendors:items", "products.view"),
        Page(
            "invoices/", "products.invoices", f"{_PAGES}.invoices:invoices", "products.costs", menu="Invoices", order=55
        ),
        Page("invoices/<int:number>/", "products.invoice", f"{_PAGES}.invoices:invoice", "products.costs"),
        Page("stores/", "products.stores", f"{_PAGES}.places:stores", "products.view", menu="Stores", order=60),
        Page("stores/new/", "products.new_store", f"{_PAGES}.forms:new_store", "products.configure", FORM),
    ),
    lists=(
        List("products.list", f"{_PAGES}.products:PRODUCTS", "products.view"),
        List("products.list_with_costs", f"{_PAGES}.products:PRODUCTS_WITH_COSTS", "products.costs"),
        List("products.ledger", f"{_PAGES}.ledger:LEDGER", "products.view"),
        List("products.departments", f"{_PAGES}.places:DEPARTMENTS", "products.view"),
        List("products.stock", f"{_PAGES}.stock:STOCK", "products.view"),
        List("products.stock_with_costs", f"{_PAGES}.stock:STOCK_WITH_COSTS", "products.costs"),
        List("products.vendors", f"{_PAGES}.vendors:VENDORS", "products.view"),
        List("products.items", f"{_PAGES}.vendors:ITEMS", "products.view"),
        List("products.items_with_costs", f"{_PAGES}.vendors:ITEMS_WITH_COSTS", "products.costs"),
        List("products.invoices", f"{_PAGES}.invoices:INVOICES", "products.costs"),
        List("products.invoice_lines", f"{_PAGES}.invoices:LINES", "products.costs"),
        List("products.stores", f"{_PAGES}.places:STORES", "products.view"),
    ),
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
