"""How fulfillment talks to the outside: carriers and third-party warehouses."""
