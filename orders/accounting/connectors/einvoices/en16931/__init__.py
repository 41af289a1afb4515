"""E-invoices by EN 16931: Factur-X (CII in a PDF) and UBL 2.1."""
