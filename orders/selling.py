"""Which company sells to a customer."""

from django.utils.translation import gettext as _

from oms.core.errors import Refused
from oms.core.models import Company
from orders.models import Customer


def require_seller(company: Company, customer: Customer) -> None:
    """Raise Refused where a customer is another company's."""
    if not customer.buys_from(company):
        raise Refused(
            _(
                "%(customer)s is a customer of %(other)s, not of %(company)s. Choose that company, or leave the "
                "customer's company empty."
            )
            % {"customer": customer, "other": customer.company, "company": company},
            code="another_company",
            field="customer",
        )
