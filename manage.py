#!/usr/bin/env python
"""Run a management command of the order management system."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oms.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit("Django is not installed here. Run the first command at the top of README.md; it sets everything up.")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
