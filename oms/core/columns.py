"""Django's fields with the types of their values, as bases of this project's own: what is set, and what is read."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    TextColumn = models.CharField[Any, str]
    DecimalColumn = models.DecimalField[Any, Decimal]
    BinaryColumn = models.BinaryField[Any, bytes]
else:  # they take no parameters when they run
    TextColumn = models.CharField
    DecimalColumn = models.DecimalField
    BinaryColumn = models.BinaryField
