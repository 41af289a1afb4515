"""The accountant's lock: nothing is booked into a period that is closed."""

from datetime import date, timedelta

from django.utils.translation import gettext as _

from oms.core import events
from oms.core.errors import Refused
from oms.core.locking import advisory_lock, advisory_lock_shared, atomic, whole
from oms.core.models import Company, User


def require_open(company: Company, day: date) -> None:
    """Raise Refused for a day of a closed period. Until this transaction ends, nobody closes the company's books."""
    closed = _closed_until(company)
    if closed and day <= closed:
        raise Refused(
            _(
                "The books of %(company)s are closed through %(closed)s. Choose a date after that, not "
                "%(day)s."
            )
            % {"company": company, "closed": closed, "day": day},
            code="period_closed",
        )


def open_day(company: Company, day: date) -> date:
    """The day itself, or the first that is open where what belongs to it comes too late."""
    closed = _closed_until(company)
    return max(day, closed + timedelta(days=1)) if closed else day


def _closed_until(company: Company) -> date | None:
    advisory_lock_shared(f"books of company {company.pk}")
    return Company.objects.values_list("books_closed_through", flat=True).get(pk=company.pk)


@whole
def close(company: Company, until: date, *, by: User | None = None) -> Company:
    """Close the books up to and with a day that is over; what is being booked into it is waited for."""
    with atomic():
        advisory_lock(f"books of company {company.pk}")
        company = Company.objects.get(pk=company.pk)
        if company.books_closed_through and until <= company.books_closed_through:
            raise Refused(
                _("The books of %(company)s are already closed through %(closed)s.")
                % {"company": company, "closed": company.books_closed_through},
                field="until",
            )
        if until >= company.today():
            raise Refused(
                _("You can only close past days. Choose a date before %(today)s.")
                % {"today": company.today()},
                field="until",
            )
        company.books_closed_through = until
        company.save(update_fields=["books_closed_through"])
        events.record(
            "company.books_closed",
            subject_type="company",
            subject_number=company.code,
            by=by,
            until=str(until),
        )
    return company
