"""What sending costs, and which service to take."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from fulfillment.carriers.models import CarrierService, Rate
from fulfillment.carriers.planners import service as planner
from fulfillment.carriers.planners.service import Offer
from fulfillment.models import Package, Shipment
from oms.core import decisions, states
from oms.core.errors import Refused
from oms.core.models import User
from oms.core.postal_codes import regions


def quote(shipment: Shipment) -> list[Offer]:
    """The services that can take all parcels of a packed shipment, with their price in the company's currency."""
    packages = list(shipment.packages.all())
    heaviest = max((package.weight_g for package in packages), default=0)
    services = CarrierService.objects.filter(
        account__is_active=True, account__company=shipment.order.company, max_weight_g__gte=heaviest
    ).select_related("account")
    offers = [(service, _price(service, shipment, packages)) for service in services]
    return [
        Offer(service.pk, str(service), price, service.days)
        for service, price in offers
        if price is not None
    ]


def _price(
    service: CarrierService, shipment: Shipment, packages: Sequence[Package]
) -> Decimal | None:
    prices = [parcel_price(service, shipment, package.weight_g) for package in packages]
    if not prices or None in prices:
        return None
    return sum((price for price in prices if price is not None), Decimal(0))


def parcel_price(service: CarrierService, shipment: Shipment, weight_g: int) -> Decimal | None:
    """The rate of a parcel: of the closest zones, origin before destination, the first step that is heavy enough."""
    place = shipment.warehouse
    origin = zones(place.country, place.postal_code)
    to = zones(shipment.ship_to.get("country", ""), shipment.ship_to.get("postal_code", ""))
    best = closest(
        Rate.objects.filter(service=service, country=to[0], up_to_g__gte=weight_g), origin, to
    )
    return best[0].price if best else None


def zones(country: str, postal_code: str) -> list[str]:
    """A country, and the postal regions in it that a place lies in."""
    return [country, *regions(country, postal_code)]


def closest(rates: Iterable[Rate], origin: Sequence[str], to: Sequence[str]) -> list[Rate]:
    """The rates of the zones that fit a way best, lightest step first."""
    fitting = [(fit, rate) for rate in rates if (fit := rate.fit(origin, to)) is not None]
    best = max((fit for fit, _rate in fitting), default=None)
    return sorted((rate for fit, rate in fitting if fit == best), key=lambda rate: rate.up_to_g)


def choose(
    shipment: Shipment, *, service: CarrierService | None = None, by: User | None = None
) -> Shipment:
    """Take a service for a packed shipment: the one that is given, else the best within the promise."""
    with states.change(shipment, event="shipment.service_chosen", by=by) as shipment:
        states.require_status(shipment, Shipment.Status.PACKED)
        offers = quote(shipment)
        if service is not None:
            choice = planner.Choice(
                next((offer for offer in offers if offer.service == service.pk), None), "by hand"
            )
        else:
            choice = planner.choose(offers, _days_left(shipment))
        if choice.offer is None:
            raise Refused(
                _("%(service)s has no rate for %(shipment)s: %(reason)s. Add a carrier rate.")
                % {
                    "service": service or "any service",
                    "shipment": shipment,
                    "reason": choice.reason,
                },
                code="no_rate",
            )
        shipment.service_id = choice.offer.service
        shipment.save(update_fields=["service"])
        shipment.event_data["service"] = choice.offer.name
        decisions.record(
            "carrier service",
            subject_type=shipment.subject_type,
            subject_number=shipment.number,
            chosen=choice.offer.name,
            reasons=[choice.reason],
            candidates=[
                {"service": each.name, "price": str(each.price), "days": str(each.days)}
                for each in offers
            ],
        )
    return shipment


def _days_left(shipment: Shipment) -> int | None:
    """Days until the customer wants it; whoever named no day is served by the cheapest."""
    requested_on = shipment.order.requested_on
    return (
        None
        if requested_on is None
        else max(0, (requested_on - shipment.order.company.today()).days)
    )
