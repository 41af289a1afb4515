"""Stations for hand-helds and tablets: what they show, what can be done at them, and their pages."""
