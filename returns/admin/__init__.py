"""Returns in the admin."""

from returns.admin import returns

__all__ = ["returns"]
