"""Races run on real connections with real commits, in a database of their own."""

import threading
from collections.abc import Callable

import pytest
from django.db import connections

from oms.core.errors import DomainError


@pytest.fixture
def race(transactional_db) -> Callable[..., list[object]]:
    """Run functions at the same moment, each on its own connection; returns results, refusals as the errors."""

    def run(*functions: Callable[[], object]) -> list[object]:
        barrier = threading.Barrier(len(functions))
        results: list[object] = [None] * len(functions)

        def work(index: int, function: Callable[[], object]) -> None:
            try:
                barrier.wait(30)
                results[index] = function()
            except DomainError as error:
                results[index] = error
            except Exception as error:  # a deadlock or a broken constraint must be seen by the test
                results[index] = error
            finally:
                connections.close_all()

        threads = [threading.Thread(target=work, args=pair) for pair in enumerate(functions)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        return results

    return run


def kinds(results: list[object]) -> dict[str, int]:
    """How many of each kind of result there were."""
    counted: dict[str, int] = {}
    for result in results:
        name = type(result).__name__ if isinstance(result, Exception) else "done"
        counted[name] = counted.get(name, 0) + 1
    return counted
