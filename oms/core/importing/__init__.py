"""Records and documents from spreadsheets: columns, rows, and the jobs that take them in."""
