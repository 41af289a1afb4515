"""Returns, for programs."""
