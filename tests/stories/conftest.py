"""Stories are told at every door: the back office's and the programs'."""

from tests.api.conftest import call, rep  # noqa: F401  # pytest finds fixtures by their names here
from tests.web.conftest import log_in, worked  # noqa: F401
