"""Invoices, for programs."""
