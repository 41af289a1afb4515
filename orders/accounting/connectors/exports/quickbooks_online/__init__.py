"""QuickBooks Online by Intuit."""
