"""A folder in which any other program leaves orders as files, and finds stock, shipments and refunds."""
