"""Return requests, what came of them, and how they were settled."""

from returns.models.came_back import ReturnedLot
from returns.models.inspection import Inspection
from returns.models.policy import ReturnPolicy
from returns.models.request import ReturnLine, ReturnRequest
from returns.models.settlement import Settlement
from returns.models.unexpected import Unexpected

__all__ = [
    "Inspection",
    "ReturnLine",
    "ReturnPolicy",
    "ReturnRequest",
    "ReturnedLot",
    "Settlement",
    "Unexpected",
]
