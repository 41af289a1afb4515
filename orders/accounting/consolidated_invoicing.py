"""Collective invoices: all that was shipped to a customer and is not billed yet, on one paper."""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from oms.background import jobs
from oms.core import extents, idempotency, policy
from oms.core.actors import SYSTEM
from oms.core.errors import Refused
from oms.core.locking import atomic, lock
from oms.core.models import Company, Job, User
from orders.accounting import billing, einvoicing, issuing
from orders.accounting.models import Invoice, InvoiceLine
from orders.models import Customer, Order, OrderLine

Part = tuple[Order, dict[int, int]]  # an order, and units of its lines


def collect(
    customer: Customer, *, company: Company, on: date | None = None, by: User | None = None
) -> list[Invoice]:
    """Bill all that was shipped to a customer: an invoice for each currency and billing address.

    Orders with a deposit or a prepayment are billed alone, so that these stay theirs. Raises Refused where nothing is
    due.
    """
    with atomic():
        orders = lock(_due(customer, company).select_related(*Order.lock_select_related))
        if not orders:
            raise _nothing_to_bill(customer)
        alone = [order for order in orders if _has_money(order)]
        together: dict[str, list[Part]] = defaultdict(list)
        for order in orders:
            for registration, units in billing.by_registration(order, _units(order)).items():
                key = [
                    registration,
                    order.currency,
                    order.bill_to,
                    order.number if order in alone else "",
                ]
                together[json.dumps(key, sort_keys=True)].append((order, units))
        return [_invoice(group, on, by) for group in together.values()]


def _nothing_to_bill(customer: Customer) -> Refused:
    return Refused(
        _("%(customer)s has no shipped items left to invoice.") % {"customer": customer},
        code="nothing_to_bill",
    )


def _due(customer: Customer, company: Company) -> QuerySet[Order]:
    waiting = OrderLine.objects.filter(order__customer=customer, shipped__gt=F("invoiced"))
    return Order.objects.filter(pk__in=waiting.values("order"), company=company)


def _has_money(order: Order) -> bool:
    return order.payments.exists() or order.invoices.filter(kind=Invoice.Kind.DEPOSIT).exists()


def _units(order: Order) -> dict[int, int]:
    return {
        line.pk: line.shipped - line.invoiced
        for line in order.lines.all()
        if line.shipped > line.invoiced
    }


def _invoice(parts: Sequence[Part], on: date | None, by: User | None) -> Invoice:
    """One invoice for the orders of a group; of a single one, its own."""
    orders = [order for order, _units in parts]
    first, (registration,) = orders[0], billing.by_registration(*parts[0])
    document = issuing.start(
        first, Invoice.Kind.INVOICE, idempotency.new_reference(first.number), registration
    )
    document.issued_on = on or first.company.today()
    if len(orders) > 1:
        document.order, document.ship_to = None, first.ship_to if _same_place(orders) else {}
    lines: list[InvoiceLine] = []
    for order, units in parts:
        lines += billing.bill(document, order, units, after=len(lines))
        einvoicing.require_complete(order, lines, registration)
    document = issuing.issue(document, lines, on, by)
    for order in orders:
        billing.credit_allowances(order, document, on=document.issued_on, by=by)
    return document


def _same_place(orders: Sequence[Order]) -> bool:
    return all(order.ship_to == orders[0].ship_to for order in orders)


@jobs.runs("collect", lambda job: extents.seen_by(job.by, Customer, Invoice))
def collect_many(job: Job) -> None:
    """Bill what was shipped to each customer of a job, by the companies that whoever asked may bill for."""
    who = job.by or SYSTEM
    companies = list(policy.scope(Company.objects.order_by("pk"), who, "bill", Customer))

    def bill(customer: Customer) -> None:
        due = [company for company in companies if _due(customer, company).exists()]
        if not due:
            raise _nothing_to_bill(customer)
        for company in due:
            collect(customer, company=company, by=job.by)

    jobs.run(job, jobs.selected(job, policy.scope(Customer, who, "bill")), bill)


def collect_all(company: Company, *, by: User | None = None) -> list[Invoice]:
    """Bill every customer who is billed by the month; nothing due is success."""
    waiting = OrderLine.objects.filter(
        shipped__gt=F("invoiced"),
        order__company=company,
        order__customer__billing=Customer.Billing.MONTH,
    )
    customers = Customer.objects.filter(pk__in=waiting.values("order__customer")).order_by("pk")
    return [
        document for customer in customers for document in collect(customer, company=company, by=by)
    ]
