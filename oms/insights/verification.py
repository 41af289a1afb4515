"""Is everything in the database as it must be?"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection

from oms.core.models import StoredDocument
from oms.core.numbering import chain
from oms.insights import (
    channel_rules,
    completeness_rules,
    credit_rules,
    event_rules,
    intercompany_rules,
    liveness_rules,
    lot_rules,
    money_rules,
    shipment_rules,
    stock_rules,
    tax_rules,
    waiting_rules,
)
from oms.insights.invariants import Breach, Invariant, Rows, check, rows_of
from orders.accounting import issuing
from orders.accounting.models import Invoice

RULES = (
    stock_rules.RULES
    + lot_rules.RULES
    + shipment_rules.RULES
    + money_rules.RULES
    + credit_rules.RULES
    + tax_rules.RULES
    + waiting_rules.RULES
)

STATEMENT_LIMIT = "30min"  # an order of magnitude above what a million orders took
HASHES, FILES = "a legal document is what its hash covers", "a frozen file is as it was stored"


def names() -> list[str]:
    """Every invariant, in the order in which they are checked."""
    return [rule.name for rule in rules()] + [HASHES, FILES]


def rules() -> tuple[Invariant, ...]:
    """The invariants that are queries, in the order in which they are checked."""
    return (
        RULES
        + completeness_rules.rules()
        + event_rules.rules()
        + liveness_rules.rules()
        + intercompany_rules.rules()
        + channel_rules.RULES
    )


def breaches(*, files: bool = True, ask: Callable[[str], Rows] = rows_of) -> list[Breach]:
    """Everything that is wrong; `files` reads the frozen documents, too. The invariants are asked through `ask`."""
    with _patience():
        found = check(rules(), ask=ask) + _hashes()
        return found + _files() if files else found


@contextmanager
def _patience() -> Iterator[None]:
    """Let statements of this connection run as long as a check may: they read every row of a company's history."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('statement_timeout'), set_config('statement_timeout', %s, false)",
            [STATEMENT_LIMIT],
        )
        before = cursor.fetchone()[0]
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, false)", [before])


def _hashes() -> list[Breach]:
    """Issued documents whose content is not what their hash covers."""
    issued = Invoice.objects.filter(
        status=Invoice.Status.ISSUED, is_imported=False
    ).prefetch_related("lines")
    return [
        Breach(HASHES, str(document.number), "its content was changed")
        for document in issued.iterator(chunk_size=2000)
        if chain(document.previous_hash, str(document.number), _content(document)) != document.hash
    ]


def _content(document: Invoice) -> str:
    return issuing.canonical(document, sorted(document.lines.all(), key=lambda line: line.position))


def _files() -> list[Breach]:
    """Frozen files whose bytes are not those that were stored."""
    found = []
    for stored in StoredDocument.objects.filter(is_legal=True).iterator():
        try:
            with stored.file.open("rb") as file:
                same = hashlib.sha256(file.read()).hexdigest() == stored.sha256
        except OSError as error:
            found.append(Breach(FILES, str(stored), f"cannot be read: {error}"))
            continue
        if not same:
            found.append(Breach(FILES, str(stored), "its bytes were changed"))
    return found
