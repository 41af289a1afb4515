"""Finding SKUs and places, and what a kit consists of."""

from collections.abc import Iterable
from itertools import chain, count

from django.utils.translation import gettext as _

from inventory.models import SKU, Barcode, Bin, KitComponent, Warehouse
from oms.core.errors import Refused


def by_barcode(code: str) -> Barcode:
    """The pack or unit that a scanned code stands for. Raises Refused for an unknown one."""
    barcode = Barcode.objects.select_related("sku").filter(code=code.strip()).first()
    if barcode is None:
        raise Refused(
            _("No product has barcode %(code)s.") % {"code": code}, code="unknown_barcode"
        )
    return barcode


def components(skus: Iterable[SKU]) -> dict[int, list[KitComponent]]:
    """The components of those SKUs that are kits, by the kit's key. Raises Refused for an empty kit."""
    kits = {sku.pk: sku for sku in skus if sku.is_kit}
    if not kits:
        return {}
    parts: dict[int, list[KitComponent]] = {key: [] for key in kits}
    for part in (
        KitComponent.objects.filter(kit__in=kits).select_related("component").order_by("pk")
    ):
        parts[part.kit_id].append(part)
    for key, found in parts.items():
        if not found:
            raise Refused(
                _("Kit %(kits)s has no components. Add components first.") % {"kits": kits[key]},
                sku=kits[key].code,
            )
    return parts


def place(warehouse: Warehouse, kind: Bin.Kind) -> Bin:
    """Return the warehouse's place of a special kind (staging, damaged …), made when it is first needed.

    A bin of another kind that has its code stays what it is.
    """
    known = Bin.objects.filter(warehouse=warehouse, kind=kind).order_by("pk").first()
    if known:
        return known
    made, _ = Bin.objects.get_or_create(
        warehouse=warehouse,
        kind=kind,
        defaults={"code": _free_code(warehouse, kind), "is_sellable": kind in Bin.SELLABLE},
    )
    return made


def _free_code(warehouse: Warehouse, kind: Bin.Kind) -> str:
    """Return the kind as a code, such as RETURNS, or RETURNS-2 where another bin has that."""
    name = kind.value.upper()
    taken = set(
        Bin.objects.filter(warehouse=warehouse, code__startswith=name).values_list(
            "code", flat=True
        )
    )
    return next(
        code
        for code in chain([name], (f"{name}-{number}" for number in count(2)))
        if code not in taken
    )


def outside(kind: Bin.Kind) -> Bin:
    """The place outside of this kind; one for all warehouses."""
    return Bin.objects.get(warehouse=None, kind=kind)


def require_active(warehouse: Warehouse) -> None:
    """Raise Refused where goods would be sent to a warehouse that sells nothing anymore."""
    if not warehouse.is_active:
        raise Refused(
            _(
                "Warehouse %(warehouse)s is inactive: nothing sent there could be sold. Activate it or choose "
                "another."
            )
            % {"warehouse": warehouse},
            code="inactive_warehouse",
        )
