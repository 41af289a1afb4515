"""Many sequences on one small business: `python -m tests.properties.long N SEED [--from PART] [--jobs J] [--shrink]`.

They run in parts of ten, each with a seed of its own that follows from SEED, in as many processes as there are cores.
A part that fails prints its sequence and the command that runs just this part again; the others go on. The exit code
is 1 where any failed.
"""

import argparse
import logging
import multiprocessing
import os
import sys
import time
import traceback
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import util

PART = 10
STEPS = 20


def main() -> int:
    options = _options()
    parts = (
        [options.part]
        if options.part is not None
        else list(range(options.start, -(-options.sequences // PART)))
    )
    failed = _run_all(parts, options)
    print(
        f"{len(failed)} of {len(parts)} parts failed: {failed}"
        if failed
        else "No sequence failed.",
        flush=True,
    )
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sequences", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--part", type=int, help="only this part of the run")
    parser.add_argument("--from", dest="start", type=int, default=0, help="go on from this part")
    parser.add_argument(
        "--shrink", action="store_true", help="look for the shortest sequence that fails (slow)"
    )
    return parser.parse_args()


def _run_all(parts: list[int], options: argparse.Namespace) -> list[int]:
    failed, done, start = [], 0, time.monotonic()
    work = [(part, options.seed, options.shrink) for part in parts]
    jobs = max(1, min(options.jobs, len(parts)))
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _begin) as pool:
        for future in as_completed([pool.submit(_run, each) for each in work]):
            part, trouble = future.result()
            done += PART
            print(f"{done} sequences, {time.monotonic() - start:.0f} s (part {part})", flush=True)
            if trouble:
                failed.append(part)
                print(
                    f"\nPart {part} failed; again with: python -m tests.properties.long {options.sequences} "
                    f"{options.seed} --part {part}\n{trouble}\n",
                    flush=True,
                )
    return sorted(failed)


def _begin() -> None:
    """Each process works on a database of its own: a copy of the tests' template, with the business founded in it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from django.db import connection

    from oms.printing import rendering
    from tests import database, plain_pdf
    from tests.properties.business.world import found

    rendering.draw = plain_pdf.draw

    logging.disable(logging.WARNING)
    connection.settings_dict["OPTIONS"]["options"] = ""  # that a process was stopped is no fault
    database.create(f"long_{os.getpid()}")
    util.Finalize(None, database.drop, exitpriority=10)  # atexit is not heard in a pool's processes
    found()


def _run(work: tuple[int, int, bool]) -> tuple[int, str]:
    """Run one part; return its number, and its failing sequence with what was wrong."""
    part, number, shrink = work
    from hypothesis import HealthCheck, Phase, seed, settings
    from hypothesis.stateful import run_state_machine_as_test

    from tests.properties.business import Business

    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)
    how = settings(
        max_examples=PART,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    try:
        run_state_machine_as_test(
            seed(number * 100_003 + part)(type("Business", (Business,), {})), settings=how
        )
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return part, _tell(error)
    return part, ""


def _tell(error: BaseException) -> str:
    """What was wrong, where in the project, and the steps that led there."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "site-packages" not in frame.filename
    ]
    where = [f"  {frame.filename}:{frame.lineno} {frame.line}" for frame in frames[-6:]]
    notes = "\n".join(getattr(error, "__notes__", [])).splitlines()
    steps = [line for line in notes if "as_many_as_the_model_says" not in line]
    return "\n".join([*where, f"{type(error).__name__}: {error}"[:3000], *steps])


if __name__ == "__main__":
    sys.exit(main())
