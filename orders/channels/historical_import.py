"""What a company brings along: orders of the past, completed and settled, written set-based.

The only writer of documents besides the operations. It leaves no ledger rows and touches no stock; its invoices stand
outside of the counters and the chain, and inside of the balances.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from inventory.models import SKU
from oms.core.locking import atomic
from orders.accounting.models import Invoice
from orders.channels import historical_credits, historical_documents, historical_orders
from orders.channels.historical_documents import Context, PastDocument
from orders.channels.models import HistoryRecord
from orders.models import Channel, Customer, Order


@dataclass
class Written:
    """What became of a batch: documents added, and for each credited row how many of its units were matched."""

    orders: int = 0
    credits: int = 0
    records: int = 0
    known: set[str] = field(default_factory=set)
    matched: dict[int, int] = field(default_factory=dict)


def write_batch(
    channel: Channel,
    orders: Sequence[PastDocument],
    credits: Sequence[PastDocument],
    records: Sequence[HistoryRecord],
) -> Written:
    """Write a batch of the past in one transaction; what is there already is left as it is."""
    with atomic():
        written = Written(known=_known(channel, [*orders, *credits], records))
        new_orders = [each for each in orders if each.external_id not in written.known]
        new_credits = [each for each in credits if each.external_id not in written.known]
        new_records = [each for each in records if each.external_id not in written.known]
        new = [*new_orders, *new_credits]
        context = Context(channel, _skus(new), _customers(channel, new))
        historical_orders.write_orders(context, new_orders)
        historical_credits.lock_credited(context, new_credits)
        for credit in new_credits:
            written.matched |= historical_credits.write_credit(context, credit)
        HistoryRecord.objects.bulk_create(new_records)
        written.orders, written.credits, written.records = (
            len(new_orders),
            len(new_credits),
            len(new_records),
        )
    return written


def _known(
    channel: Channel, documents: Sequence[PastDocument], records: Sequence[HistoryRecord]
) -> set[str]:
    names = {document.external_id for document in documents}
    known = set(
        Order.objects.filter(channel=channel, external_id__in=names).values_list(
            "external_id", flat=True
        )
    )
    numbers = {historical_documents.invoice_number(name): name for name in names}
    found = Invoice.objects.filter(number__in=numbers, is_imported=True).values_list(
        "number", flat=True
    )
    known |= {numbers[number] for number in found if number}
    kept = {record.external_id for record in records}
    rows = HistoryRecord.objects.filter(channel=channel, external_id__in=kept).values_list(
        "external_id", flat=True
    )
    return {name for name in known if name} | set(rows)


def _skus(documents: Iterable[PastDocument]) -> dict[str, int]:
    """Keys of the SKUs that goods name; new ones are added with the first text that they come with."""
    names: dict[str, str] = {}
    for document in documents:
        for line in document.lines:
            if not line.charge:
                names[line.code] = names.get(line.code) or line.text
    SKU.objects.bulk_create(
        [SKU(code=code, name=name or code) for code, name in sorted(names.items())],
        ignore_conflicts=True,
    )
    return dict(SKU.objects.filter(code__in=names).values_list("code", "id"))


def _customers(channel: Channel, documents: Iterable[PastDocument]) -> dict[str, int]:
    codes = sorted({document.customer for document in documents})
    currency = channel.company.currency
    Customer.objects.bulk_create(
        [Customer(code=code, name=f"Customer {code}", currency=currency) for code in codes],
        ignore_conflicts=True,
    )
    return dict(Customer.objects.filter(code__in=codes).values_list("code", "id"))
