"""Shopify shops, by the GraphQL Admin API."""
