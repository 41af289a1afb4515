"""Open invoices and payments that rely on master data."""

from collections.abc import Iterator

from django.db.models import F, Q
from django.utils.translation import gettext as _

from inventory.models import StockShare
from oms.core.guarding import stands_in_the_way
from oms.core.models import Company
from orders.accounting.models import IntercompanyRule, Invoice, Payment
from orders.models import Customer
from orders.obstacles import open_ones


@stands_in_the_way(IntercompanyRule, "selling", "supplying")
def shared_stock_of_rule(rule: IntercompanyRule) -> Iterator[str]:
    """What was promised and billed under it is between the companies that it has."""
    if StockShare.objects.filter(selling=rule.selling_id, supplying=rule.supplying_id).exists():
        yield _("stock was shared under it; turn it off and create another setting")


@stands_in_the_way(Customer, "currency")
def open_money_of_customer(customer: Customer) -> Iterator[str]:
    """What is owed and paid in it is summed with other amounts of the customer."""
    yield from open_ones(
        _("open invoices and credit notes are in it (%(names)s)"), customer.invoices.open()
    )
    status = Payment.Status
    unused = Q(captured__gt=F("applied") + F("refunded") + F("written_off"))
    payments = customer.payments.filter(
        unused | Q(status__in=[status.REQUESTED, status.AUTHORIZED])
    )
    yield from open_ones(_("payments in it aren't used up (%(names)s)"), payments)


@stands_in_the_way(Company, "currency")
def invoices_of_company(company: Company) -> Iterator[str]:
    """Invoices keep their rate against it."""
    if Invoice.objects.filter(company=company).exists():
        yield _("invoices are issued in it; create another company instead")
