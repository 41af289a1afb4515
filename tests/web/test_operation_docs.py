"""The list of operations is what the catalog says."""

from django.apps import apps

from oms.core import operations
from oms.web import operation_docs


def test_the_page_is_what_the_catalog_says():
    """Run `manage.py describe_operations` after a change of the catalog."""
    assert operation_docs.PAGE.read_text(encoding="utf-8") == operation_docs.page()


def test_every_operation_is_on_it_with_its_roles():
    page = operation_docs.page()
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| `")]

    assert len(rows) == sum(len(operations.of(model)) for model in apps.get_models())
    assert ["| `amend`", "Edit order", "manager, rep"] in [row[:3] for row in rows]
    assert (
        "*lines*: rows" not in page
        and "lines: rows (line: order line (by position), *quantity*: integer" in page
    )
