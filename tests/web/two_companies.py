"""Two companies with data of every kind; what is the second one's can't be mistaken for the first one's."""

import re
from decimal import Decimal
from functools import reduce
from operator import or_
from urllib.parse import urlencode

from django.apps import apps
from django.db.models import Q
from django.urls import reverse

from fulfillment.models import Cancellation, TrackingEvent
from inventory.models import Lane, Zone
from inventory.purchasing.models import ReorderRule
from oms.background import jobs
from oms.core import operations, outbox
from oms.core.models import Company, Email, ExchangeRate, Subscription, Topic, WebhookEndpoint
from oms.core.wording import is_ours
from oms.messaging import safe_http, webhooks
from orders.accounting import export_runs, refunds, write_offs
from orders.accounting.models import IntercompanyRule, Invoice, TaxCode
from orders.channels.models import ChannelAccount, ChannelOrder, HistoryRecord, Listing
from orders.models import (
    Contact,
    Customer,
    CustomerSKU,
    Discount,
    FraudRule,
    Order,
    PaymentTerms,
    TermsPart,
)
from orders.order_entry import Charge
from returns.models import ReturnPolicy, ReturnRequest
from tests import builders as make
from tests.web.test_rights import plant

OURS, THEIRS = "acme", "quxco"


def plant_both():
    """Fill two companies with the same; the codes and names of everything of the second one have "qux" in them."""
    make.sku("CUP")
    with make.at_company(OURS):
        furnish("LON", "C-1", "me")
    with make.at_company(THEIRS):
        furnish("QUXW", "QUXC-1", "qux rep")
    make.company(THEIRS).staff.add(make.user("qux rep"), make.user("staff of QUXW"))
    outbox.drain()


def furnish(place, code, rep):
    """One of everything that a company may have."""
    company, far = make.company(), make.own("FAR")
    plant(place, code, rep, item="CUP", far=far)
    channel, item, customer = make.channel(), make.sku("CUP"), make.customer(code)
    name = make.own("own")
    Listing.objects.create(channel=channel, sku=item, external_id=name)
    _sell_elsewhere(channel, customer, place, name)
    FraudRule.objects.create(name=name, channel=channel, minimum=10**6)
    ReturnPolicy.objects.create(channel=channel)
    Discount.objects.create(name=name, percent=1, channel=channel)
    TaxCode.objects.create(code=name[:8], company=company, category="S", percent=20)
    ExchangeRate.objects.create(company=company, currency="USD", day="2026-01-01", rate="1.25")
    ReorderRule.objects.create(sku=item, warehouse=make.warehouse(place), point=1, target=2)
    Lane.objects.create(warehouse=make.warehouse(place), country="GB", base_cost=3, days=2)
    Subscription.objects.create(
        topic=Topic.PROPOSED, warehouse=place, role=make.role("hearers", "everything", ())
    )
    HistoryRecord.objects.create(
        channel=channel,
        external_id=name,
        row=1,
        kind=HistoryRecord.Kind.BAD_DEBT,
        quantity=1,
        unit_price=Decimal("7717.17"),
        at="2026-01-01T00:00Z",
    )
    _settle_with_another(company, customer)
    _add_what_is_rare(company, customer, place)
    _write_down(company)
    _call(company, rep)
    assert Email.objects.filter(company=company).exists()
    jobs.work(export_runs.prepare(company, "invoice_lines", file_format="csv").job_id)
    assert customer.company == company


def _sell_elsewhere(channel, customer, place, name):
    """An account with a shop, an order that came from there, and what both told each other."""
    account = ChannelAccount.objects.create(
        channel=channel, provider="woocommerce", address=f"https://{name}.example.com"
    )
    account.locations.create(external_id=name, name=name, warehouse=make.warehouse(place))
    account.signals.create(kind="order", external_id=name, key=name, next_at=None)
    order = make.confirmed(("CUP", 1, "10.00"), customer_code=customer.code)
    row = ChannelOrder.objects.create(
        channel=channel,
        external_id=name,
        number=name,
        order=order,
        state="processing",
        stage="done",
        is_open=False,
        placed_at="2026-01-01T00:00Z",
        looked_at="2026-01-01T00:00Z",
    )
    row.lines.create(external_id="1", variant=name, line=order.lines.get(), quantity=1)
    row.calls.create(kind="ship", key=name, state="done", next_at=None)
    Order.objects.filter(pk=order.pk).update(external_id=name, channel=channel)


def _settle_with_another(company, customer):
    """Stock of a third company that served an order, and the invoice between the two."""
    third = make.company(f"{company.code}-third", name=f"{company.code} third Ltd")
    place = make.warehouse(make.own("3RD"), company=third)
    item = make.sku("RARE", stock={place.code: 5})
    supplier = make.supplier("ic")
    buyer = make.customer(make.own("IC"), company=third)
    IntercompanyRule.objects.create(
        selling=company, supplying=third, customer=buyer, supplier=supplier, is_active=True
    )
    make.shipped((item.code, 1, "10.00"), customer_code=customer.code)


def _add_what_is_rare(company, customer, place):
    """Kinds of records that few businesses have many of."""
    terms = PaymentTerms.objects.get_or_create(code="parts", defaults={"name": "Two parts"})[0]
    for days in (10, 20):
        TermsPart.objects.get_or_create(terms=terms, percent=50, days=days)
    Customer.objects.filter(pk=customer.pk).update(terms=terms)
    order = make.shipped(
        ("CUP", 1, "10.00"),
        customer_code=customer.code,
        charges=[Charge("freight", "Freight", Decimal(3))],
    )
    Contact.objects.create(customer=customer, name=make.own("contact"))
    CustomerSKU.objects.create(customer=customer, sku=make.sku("CUP"), code=make.own("part"))
    Zone.objects.create(warehouse=make.warehouse(place), name=make.own("zone"))
    payment = make.transfer("20.00", make.own("bank"), customer_code=customer.code)
    refunds.refund(payment, Decimal(1), reference=make.own("refund"))
    shipment = make.shipment_of(order)
    asked = Cancellation.objects.create(shipment=shipment, reason=make.own("reason"))
    asked.lines.create(order_line=order.lines.get(), quantity=1)
    TrackingEvent.objects.create(
        shipment=shipment, tracking_number=make.own("1"), kind="other", at="2026-01-01T00:00Z"
    )
    request = ReturnRequest.objects.filter(order__company=company).first()
    request.unexpected.create(description=make.own("goods"), quantity=1)


def _call(company, rep):
    """An endpoint that was called."""
    address = f"https://{make.own('hook')}.example.com/"
    webhooks.subscribe(WebhookEndpoint(company=company, user=make.user(rep), url=address))
    make.confirmed(("CUP", 1, "10.00"), customer_code=Customer.objects.get(rep__username=rep).code)
    outbox.number_events()
    webhooks.fan_out()
    webhooks.send_due(post=lambda *asked: safe_http.Answer(200, ""))


def _write_down(company):
    """A small difference of an invoice that is given up."""
    document = Invoice.objects.open().filter(company=company, kind="invoice").first()
    Company.objects.filter(pk=company.pk).update(write_off_limit=1)
    write_offs.write_off(document, "difference", amount=Decimal("0.50"))


def paths(model, owner, depth=2):
    """The lookups by which rows lead to a customer, warehouse or company, over at most so many relations."""
    if model is owner:
        return [""]
    found = []
    for field in model._meta.fields:
        if field.is_relation and field.related_model is owner:
            found.append(field.name)
        elif field.is_relation and depth and not field.null:
            found += [
                f"{field.name}__{way}" for way in paths(field.related_model, owner, depth - 1)
            ]
    return found


def any_way(ways, owners):
    """The condition that a row leads to one of these by one of its ways."""
    return reduce(
        or_, (Q(**{f"{way}__in" if way else "pk__in": owners.values("pk")}) for way in ways)
    )


def of_company(code):
    """The rows that lead to one of the two companies, and not to the other one, by model."""
    own, others = (Company.objects.filter(code=each) for each in (code, _other(code)))
    return {
        model: model._base_manager.filter(any_way(ways, own)).exclude(any_way(ways, others))
        for model in apps.get_models()
        if is_ours(model) and (ways := paths(model, Company))
    }


def _other(code):
    return OURS if code == THEIRS else THEIRS


def numbers_of(code):
    """The numbers of all documents of a company."""
    return {
        number
        for model, rows in of_company(code).items()
        if "number" in {field.name for field in model._meta.fields}
        for number in rows.exclude(number=None).values_list("number", flat=True)
    }


def named(text, numbers):
    """What of a company is named in a text: numbers of documents, and whatever has its name in it."""
    words = set(re.findall(r"[\w-]+", text))
    return (words & numbers) | {word for word in words if word.lower().startswith("qux")}


def pickers(*terms):
    """What every field that leads to another record offers for what is typed."""
    for model in apps.get_models():
        for field in model._meta.fields if is_ours(model) else ():
            for term in terms if field.is_relation else ():
                names = (model._meta.app_label, model._meta.model_name, field.name)
                asked = zip(
                    ("app_label", "model_name", "field_name", "term"), (*names, term), strict=True
                )
                yield f"/admin/autocomplete/?{urlencode(dict(asked))}"


def forms():
    """The form of each operation, on the newest few of its documents."""
    for step in operations.every():
        name = f"admin:{step.model._meta.app_label}_{step.model._meta.model_name}_operation"
        for row in step.model._default_manager.order_by("-pk")[:4]:
            yield reverse(name, args=[row.pk, step.name])
