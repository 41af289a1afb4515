"""What is available where lots expire, compared with every way of giving lots to holds."""

from collections import Counter
from datetime import date, timedelta
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from inventory.planners.shelf_life import Layers

TODAY = date(2026, 1, 1)
days = st.integers(min_value=0, max_value=3)


def served(stock, asked):
    """The most base units that any way of giving pieces of stock to holds can serve (brute force)."""
    pieces = [expires for expires, count in stock.items() for _ in range(count)]
    wants = [day for day, count in asked.items() for _ in range(count)]
    wants.sort(reverse=True)  # the strictest first takes the earliest piece that will do
    for want in wants:
        fitting = sorted(piece for piece in pieces if piece >= want)
        if not fitting:
            return False
        pieces.remove(fitting[0])
    return True


@given(
    st.dictionaries(days, st.integers(0, 3)),
    st.lists(st.tuples(days, st.integers(1, 2)), max_size=3),
    days,
)
def test_available_is_what_can_be_served_beside_everything_reserved(stock, holds, life):
    layers = Layers(TODAY, {TODAY + timedelta(days=day): count for day, count in stock.items()})
    for day, count in holds:
        layers.reserve(day, min(count, layers.available(day)))
    reserved = +Counter(layers.reserved)

    most = layers.available(life)

    own = layers.earliest(life)
    assert layers.lacking == 0
    assert served(layers.stock, reserved + Counter({own: most}))
    assert not served(layers.stock, reserved + Counter({own: most + 1}))


def test_what_expires_leaves_what_is_reserved_lacking():
    layers = Layers(
        TODAY, {TODAY: 2, date.max: 1}, Counter({TODAY: 2, TODAY + timedelta(days=5): 1})
    )
    assert layers.lacking == 0
    later = Layers(
        TODAY + timedelta(days=1),
        layers.stock,
        Counter({TODAY + timedelta(days=1): 2, TODAY + timedelta(days=6): 1}),
    )
    assert later.lacking == 2
    assert [later.available(life) for life, _ in product((0, 9), (1,))] == [0, 0]
