"""The rows of the inventory that every installation has."""

from inventory import geography
from inventory.models import Bin, PostalCode


def seed() -> None:
    """Write the bins outside of all warehouses and, the first time, the centers of postal regions."""
    known = set(Bin.objects.filter(warehouse=None).values_list("kind", flat=True))
    Bin.objects.bulk_create(
        Bin(code=kind.value.upper(), kind=kind, is_sellable=False)
        for kind in Bin.OUTSIDE
        if kind not in known
    )
    if not PostalCode.objects.exists():
        geography.take_shipped()
