"""What a process knows once it has started, before anything was asked of it."""

import subprocess
import sys

from django.conf import settings

STARTED = """
import django
django.setup()
from inventory import availability
from orders import accounts
assert accounts._checks and accounts._secured, "what selling asks of the books"
assert availability._supplies, "what suppliers will bring"
"""


def test_a_new_process_knows_what_lower_rooms_ask_of_those_above():
    done = subprocess.run(
        [sys.executable, "-c", STARTED], cwd=settings.BASE_DIR, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
