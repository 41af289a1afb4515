"""Shipments, for programs."""
