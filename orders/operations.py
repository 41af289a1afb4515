"""What people and programs can ask of orders, invoices and payments."""
