"""Every document that a Shopify shop is sent, against the official schema of every version that we support."""

import pytest
from graphql import parse, specified_rules, validate
from graphql.validation import NoDeprecatedCustomRule

from orders.channels.connectors.shopify import documents
from orders.channels.connectors.shopify.client import VERSION, VERSIONS
from tests.channels.schemas import shopify


@pytest.mark.parametrize("version", VERSIONS)
def test_documents_are_valid_and_use_nothing_deprecated(version):
    schema = shopify.schema(version)
    rules = [*specified_rules, NoDeprecatedCustomRule]

    troubles = [
        f"{document.partition('(')[0]}: {error.message}"
        for document in documents.ALL
        for error in validate(schema, parse(document), rules)
    ]

    assert troubles == []


def test_the_version_that_accounts_use_is_one_of_those():
    assert VERSION in VERSIONS
    assert set(shopify.texts()) == set(VERSIONS)


def test_a_field_that_a_version_lacks_is_found():
    """The schema that documents are judged by is cut to names that they use; others are unknown in it as well."""
    schema = shopify.schema(VERSION)

    for document in (
        "{ shop { priority } }",
        "{ shop { name { id } } }",
        "{ order { name } }",
        "query Q($id: Int!) { order(id: $id) { name } }",
        "mutation M($id: ID!) { orderCancel(orderId: $id) { job { id } } }",
    ):
        assert validate(schema, parse(document)) != []
