"""Words: what is found by which beginnings, and that an index answers."""

import pytest
from django.db import connection

from inventory.models import SKU
from oms.core.models.word_search import with_words
from orders.models import Customer
from tests import builders as make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("tee", True),
        ("TEE-M", True),
        ("m", True),
        ("red te", True),
        ("te red", True),
        ("12", True),
        ("-12", True),
        ("Bär", True),
        ("bär red", True),
        ("ed", False),
        ("red mug", False),
        ("'", False),
        ("\\", False),
        ("a' | 'b", False),
        ("!", False),
        ("", False),
        ("\0", False),
        ("te:*", True),
        ("100%", False),
    ],
)
def test_every_word_of_the_text_begins_one_of_the_name(text, found):
    make.sku("TEE-M")
    SKU.objects.update(name="Red tee, size M/L-12 (Bär)")

    assert with_words(SKU.objects.all(), text).exists() == found


@pytest.mark.parametrize("model", [SKU, Customer])
def test_an_index_answers(model):
    rows = with_words(model.objects.all(), "tee mu").order_by()

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        assert "_by_words" in rows.explain()
