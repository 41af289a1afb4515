"""Model fields of amounts and of prices per unit."""

from typing import Any

from oms.core.columns import DecimalColumn
from oms.core.money import ZERO


class AmountField(DecimalColumn):
    """An amount in the document's currency, at that currency's minor units."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_digits": 16, "decimal_places": 3, "default": ZERO, **options})

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        for key in ("max_digits", "decimal_places"):
            options.pop(key, None)
        return name, path, args, options


class UnitPriceField(DecimalColumn):
    """A price or cost of one base unit, to four places."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_digits": 16, "decimal_places": 4, "default": ZERO, **options})

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        for key in ("max_digits", "decimal_places"):
            options.pop(key, None)
        return name, path, args, options


AMOUNT_FIELDS = (AmountField, UnitPriceField)
