"""Carriers, their services and rates, and how to talk to them."""
