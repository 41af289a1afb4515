"""Labels bought at the same moment have numbers of their own."""

from fulfillment import labels
from fulfillment.models import ShippingLabel
from tests import builders as make


def test_labels_bought_at_once_have_different_numbers(race):
    make.sku("TEE-M", stock={"LON": 99})
    make.service()
    shipments = [
        make.packed(make.confirmed(("TEE-M", 1), customer_code=f"C-{each}")) for each in range(6)
    ]

    results = race(*[lambda shipment=shipment: labels.buy(shipment) for shipment in shipments])

    assert [result for result in results if isinstance(result, Exception)] == []
    assert sorted(ShippingLabel.objects.values_list("sscc_count", flat=True)) == list(range(6))
    assert len(set(ShippingLabel.objects.values_list("sscc", flat=True))) == 6
