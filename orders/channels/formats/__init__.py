"""Channels that orders are imported from, by format."""
