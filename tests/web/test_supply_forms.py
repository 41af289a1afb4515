"""The forms of counts, transfers, receipts and returns open, and take what a person leaves blank."""

import pytest
from django.urls import reverse

from inventory import counting, transfers
from inventory.models import Transfer, TransferLine
from oms.core import states
from returns.models import ReturnRequest, Unexpected
from tests import builders as make
from tests.builders.stock import storage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def page(document, operation):
    return reverse(
        f"admin:{document._meta.app_label}_{document._meta.model_name}_operation",
        args=[document.pk, operation],
    )


def filled(response):
    """What a form would send if nothing was changed on it."""
    form = response.context["operation_form"]
    fields = [
        field
        for each in [form.form, *(row.form for table in form.tables for row in table.rows)]
        for field in each
    ]
    return {field.html_name: "" if field.value() is None else field.value() for field in fields}


def test_every_form_opens_and_is_sent_as_it_is(log_in, drain):
    make.sku("CUP", stock={"LON": 9})
    make.sku("SET", kit={"CUP": 2})
    order = make.shipped(("SET", 1))
    boss = log_in("manager")
    form = boss.get(page(order, "return"))
    sent = filled(form) | {f"lines-{order.lines.get().pk}-quantity": 1}
    assert boss.post(page(order, "return"), sent).status_code == 302

    request = ReturnRequest.objects.get()
    sent = filled(boss.get(page(request, "receive"))) | {
        "unannounced-new0-description": "a shoe",
        "unannounced-new0-good": 1,
    }
    assert boss.post(page(request, "receive"), sent).status_code == 302
    sent = filled(boss.get(page(request, "decide"))) | {
        f"decisions-{Unexpected.objects.get().pk}-decision": "scrap"
    }
    assert boss.post(page(request, "decide"), sent).status_code == 302
    assert (
        boss.get(reverse("admin:returns_returnrequest_change", args=[request.pk])).status_code
        == 200
    )

    count = counting.plan(make.warehouse(), [storage(make.warehouse())])
    sent = filled(boss.get(page(count, "record_counts"))) | {
        f"found-{count.lines.get().pk}-found": 7
    }
    assert boss.post(page(count, "record_counts"), sent).status_code == 302
    assert (
        boss.post(page(count, "recount")).status_code
        == boss.post(page(count, "cancel")).status_code
        == 302
    )

    transfer = states.create(Transfer(source=make.warehouse(), target=make.warehouse("MAN")))
    TransferLine.objects.create(
        transfer=transfer, sku=make.sku("CUP"), bin=storage(make.warehouse()), quantity=2
    )
    transfers.send(transfer)
    assert (
        boss.post(
            page(transfer, "receive"), filled(boss.get(page(transfer, "receive")))
        ).status_code
        == 302
    )
    assert make.fresh(transfer).status == "received"

    purchase = make.receive_purchase(make.sku("CUP"), 3)
    for name in ("undo_receipt", "return_to_supplier"):
        assert boss.get(page(purchase, name)).status_code == 200
