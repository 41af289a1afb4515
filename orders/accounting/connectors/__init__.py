"""How the books talk to the outside: payment gateways, e-invoices, accounting programs."""
