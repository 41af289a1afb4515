"""A company to try the system with: real orders, carried through the real operations."""

from oms.web.demo.company import LOG_INS
from oms.web.demo.story import is_begun, is_loaded, is_outdated, load

__all__ = ["LOG_INS", "is_begun", "is_loaded", "is_outdated", "load"]
