"""The store's own records: products, codes, vendors, costs, stock, invoices; and the one way to change many."""
