"""Working days, Monday to Friday: when goods leave, and when they arrive."""

from datetime import date, datetime, time, timedelta

SATURDAY = 5


def is_working(day: date) -> bool:
    return day.weekday() < SATURDAY


def add(day: date, count: int) -> date:
    """The working day that is `count` working days after a day; with 0 the day itself, or the next working one."""
    while count > 0 or not is_working(day):
        day += timedelta(days=1)
        count -= is_working(day)
    return day


def before(day: date, count: int) -> date:
    """The working day that is `count` working days before a day, or before the last working day where it is none."""
    while count > 0 or not is_working(day):
        count -= is_working(day)
        day -= timedelta(days=1)
    return day


def ship_day(at: datetime, cutoff: time | None) -> date:
    """The day on which what is confirmed at a local time leaves: today up to the cut-off, else the next working day.

    At a weekend it is the next working day. Without a cut-off, a working day lasts until midnight.
    """
    late = is_working(at.date()) and cutoff is not None and at.time().replace(tzinfo=None) > cutoff
    return add(at.date(), 1 if late else 0)


def leave_by(earliest: date, requested_on: date | None, transit: int) -> date:
    """The day on which goods leave: as early as they can, but not before they are needed for the day wanted."""
    return earliest if requested_on is None else max(earliest, before(requested_on, transit))
