"""Records and documents in spreadsheets: cells, columns, rows, and the jobs that import and export them."""
