"""What channels are told of shipments: their parcels as plain data."""

from collections import defaultdict
from collections.abc import Mapping

from fulfillment.models import Package, Shipment, ShippingLabel
from fulfillment.notifications import tracking_link
from orders.channels import telling
from orders.channels.telling import ShippedParcel


def tell(shipment: Shipment, units: Mapping[int, int]) -> None:
    """Have the channel of a shipment's order told of its parcels. `units`: what was shipped, by order line key."""
    packages = list(
        shipment.packages.prefetch_related("contents__line__order_line__sku").order_by("position")
    )
    parts = _parts(packages, units)
    names = dict(
        ShippingLabel.objects.filter(
            shipment=shipment, status=ShippingLabel.Status.BOUGHT
        ).values_list("package_id", "tracking_number")
    )
    carrier = str(shipment.service.account) if shipment.service else ""
    parcels = []
    for package in packages or [Package(shipment=shipment, position=1)]:
        number = package.tracking_number or names.get(package.pk, "")
        name = package.carrier or carrier
        parcels.append(
            ShippedParcel(
                f"{shipment.number}-{package.position}",
                parts.get(package.pk or 0, {}) if packages else units,
                name,
                number,
                tracking_link(shipment, name, number) if number else "",
                shipment.shipped_at,
            )
        )
    telling.shipped(shipment.order, parcels)


def _parts(packages: list[Package], units: Mapping[int, int]) -> dict[int, dict[int, int]]:
    """Units by order line for each parcel; a kit, whose components lie in several, counts with the first of them."""
    found: dict[int, dict[int, int]] = defaultdict(dict)
    left = dict(units)
    for package in packages:
        for content in package.contents.all():
            line = content.line.order_line
            count = (
                left.get(line.pk, 0)
                if line.sku.is_kit
                else min(content.quantity, left.get(line.pk, 0))
            )
            if count:
                found[package.pk][line.pk] = found[package.pk].get(line.pk, 0) + count
                left[line.pk] -= count
    return found
