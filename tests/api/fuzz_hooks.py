"""Leave out bodies that schemathesis takes for invalid, though the description allows them.

Where it changes a body that is nested (an order in a list of orders), it takes every property for required, and asks
that one without an optional property be refused. What it changed is judged here by the description itself.
"""

from typing import Any

import schemathesis
from schemathesis import GenerationMode
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import TestPhase


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    """Whether a case is what it says that it is."""
    changed = {
        where
        for where, part in case.meta.components.items()
        if part.mode == GenerationMode.NEGATIVE
    }
    described = case.operation.get_body_for_media_type(case.media_type) if case.media_type else None
    if (
        case.meta.phase.name != TestPhase.COVERAGE
        or changed != {ParameterLocation.BODY}
        or described is None
    ):
        return True
    return not described.get_validator().is_valid(case.body)
