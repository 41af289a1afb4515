"""Printed documents: rendering PDFs, letterheads, barcodes, and which printouts a document has."""
