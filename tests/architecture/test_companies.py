"""Stock, legal series, periods and business days are always asked for a company, never for "the first one"."""

import ast
import inspect

from inventory import availability, sourcing, waiting
from oms.core import exchange_rates, numbering, periods
from orders import pricing
from orders.accounting import export_runs, receivables
from tests.architecture.test_house import FILES, functions, module, tree

# What is asked of a company, by the function that is asked.
ASKED = [
    sourcing.promise,
    waiting.leave_to_older,
    availability.available,
    availability.projected,
    numbering.take,
    numbering.lock_counters,
    numbering.legal_number,
    periods.require_open,
    periods.open_day,
    periods.close,
    exchange_rates.exchange_rate,
    exchange_rates.take,
    pricing.exchange_rate,
    export_runs.prepare,
    receivables.statement,
]
# Stock by warehouse, by rows that are known, or of all of them, where no promise is made of it.
STOCK_OF_ALL = {
    "inventory.ledger",
    "inventory.holds",
    "inventory.purchasing.positions",
    "inventory.purchasing.alerts",
    "inventory.api.views",
    "inventory.unservable",
    "inventory.displacing",
}
SETTING_UP = {"oms.web.demo.company", "oms.web.demo.story", "oms.web.management.commands.demo"}


def test_what_promises_stock_takes_numbers_or_books_asks_for_a_company():
    without = [
        f"{each.__module__}.{each.__name__}"
        for each in ASKED
        if "company" not in inspect.signature(each).parameters
    ]

    assert without == []


def statements(path):
    """The source of each simple statement of a file."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Assign | ast.Return | ast.Expr | ast.For | ast.If):
            part = (
                node.iter
                if isinstance(node, ast.For)
                else node.test
                if isinstance(node, ast.If)
                else node
            )
            yield ast.unparse(part)


def test_stock_is_read_of_a_company_or_a_warehouse():
    wrong = [
        f"{module(path)}: {text[:90]}"
        for path in FILES
        if module(path) not in STOCK_OF_ALL
        for text in statements(path)
        if text.count("Stock.objects") > text.count("BinStock.objects")
        and not any(word in text for word in ("promised_by", "company", "warehouse"))
    ]

    assert wrong == []


def test_nobody_takes_the_first_company():
    wrong = [
        f"{module(path)}: {text[:90]}"
        for path in FILES
        if module(path) not in SETTING_UP
        for text in statements(path)
        if "Company.objects" in text
        and any(take in text for take in (".first()", "[0]", ".earliest(", ".latest("))
        and "code=" not in text
    ]

    assert wrong == []


def test_series_and_periods_are_written_by_those_who_name_the_company():
    names = {"take", "lock_counters", "require_open", "open_day"}
    bare = []
    for path in FILES:
        for call in (
            node
            for function in functions(path)
            for node in ast.walk(function)
            if isinstance(node, ast.Call)
        ):
            owner = getattr(getattr(call.func, "value", None), "id", "")
            if (
                owner in ("numbering", "periods")
                and call.func.attr in names
                and "company" not in ast.unparse(call.args[0])
            ):
                bare.append(f"{module(path)}: {ast.unparse(call)[:90]}")

    assert bare == []
