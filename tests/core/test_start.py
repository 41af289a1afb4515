"""What a process knows once it has started, before anything was asked of it."""

import subprocess
import sys

from django.conf import settings


def test_a_new_process_knows_what_selling_asks_of_the_books():
    asked = "from oms import wsgi; from orders import accounts; accounts.owed()"

    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=settings.BASE_DIR, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
