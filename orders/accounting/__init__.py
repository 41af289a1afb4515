"""The books: invoices, credit notes, payments, and what goes to accountants."""
