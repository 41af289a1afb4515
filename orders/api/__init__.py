"""Orders, their customers, prices and invoices, for programs."""
