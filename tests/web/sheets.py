"""What tests of spreadsheets share: which list each sheet is on, small tables, and the faults of a job."""

PAGES = {
    "skus": "inventory_sku",
    "barcodes": "inventory_sku",
    "suppliers": "inventory_supplier",
    "supplier-items": "inventory_supplier",
    "opening-stock": "inventory_binstock",
    "customers": "orders_customer",
    "addresses": "orders_customer",
    "prices": "orders_price",
    "orders": "orders_order",
    "payments": "orders_payment",
    "listings": "orders_listing",
}


def table(*rows):
    return "".join(",".join(str(cell) for cell in row) + "\n" for row in rows).encode()


def faults(job):
    return [
        (result.key, result.column, result.message)
        for result in job.results.filter(succeeded=False)
    ]
