"""Each invariant between companies, broken by SQL behind the operations' backs, is found."""

import pytest

from oms.core import outbox
from oms.insights import intercompany_rules
from oms.insights.invariants import check
from orders.accounting.models import IntercompanyRule
from tests import builders as make
from tests.core.test_verify import tamper

pytestmark = pytest.mark.django_db

PROMISED, BILLED, BOTH = (rule.name for rule in intercompany_rules.RULES)
BREAKS = [
    (PROMISED, "UPDATE inventory_reservation SET share_id = NULL", "no setting"),
    (
        PROMISED,
        "UPDATE inventory_stockshare SET selling_id = supplying_id, supplying_id = selling_id",
        "other companies",
    ),
    (PROMISED, "UPDATE inventory_stockshare SET until = now() - interval '1 hour'", "off by then"),
    (BILLED, "DELETE FROM orders_intercompanysupply", "billed 0"),
    (
        BILLED,
        "UPDATE orders_invoiceline SET quantity = 1 WHERE id IN (SELECT line_id FROM orders_intercompanysupply)",
        "shipped 2, billed 1",
    ),
    (BILLED, "UPDATE orders_intercompanysupply SET shipment = 'SH-0'", "shipped 0, billed 2"),
    (
        BOTH,
        "DELETE FROM orders_supplierinvoiceline; DELETE FROM orders_supplierinvoice",
        "buyer: nothing",
    ),
    (BOTH, "UPDATE orders_supplierinvoice SET net = net + 1, gross = gross + 1", "10.600"),
    (BOTH, "UPDATE orders_supplierinvoice SET currency = 'EUR'", "EUR"),
    (
        BOTH,
        "UPDATE orders_supplierinvoice SET company_id = (SELECT id FROM core_company WHERE code = 'stockco')",
        "",
    ),
    (BOTH, "UPDATE orders_supplierinvoiceline SET net = net + 1, gross = gross + 1", "9.600"),
]


@pytest.fixture
def business():
    """Two units of another company's stock that were shipped and billed between the companies."""
    owner = make.company("stockco", name="Stock Co Ltd")
    make.warehouse("MAN", company=owner)
    make.sku("TEE-M", stock={"MAN": 5}, cost="4")
    IntercompanyRule.objects.create(
        selling=make.company(),
        supplying=owner,
        customer=make.customer("IC"),
        supplier=make.supplier(),
        is_active=True,
    )
    make.shipped(("TEE-M", 2))
    outbox.drain()


def found():
    return {(breach.invariant, breach.problem) for breach in check(intercompany_rules.rules())}


def test_nothing_is_wrong_at_first(business):
    assert found() == set()


@pytest.mark.parametrize("rule, statements, told", BREAKS)
def test_each_break_is_found(business, rule, statements, told):
    tamper(statements)

    assert [name for name, problem in found() if told in problem] == [rule]


def test_every_rule_has_a_break():
    assert {rule for rule, *_rest in BREAKS} == {rule.name for rule in intercompany_rules.RULES}
