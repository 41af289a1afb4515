"""Unfold's decorators, which have no types of their own: what they decorate keeps its type."""

from collections.abc import Callable
from typing import Any, TypeVar

from unfold import decorators

Method = TypeVar("Method", bound=Callable[..., Any])


def display(**options: Any) -> Callable[[Method], Method]:
    """How a method is shown as a column: its `description`, `ordering`, `label` …"""
    decorate: Callable[[Method], Method] = decorators.display(**options)
    return decorate
