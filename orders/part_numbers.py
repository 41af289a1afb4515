"""What things are called: by us, by the customer, by the barcode on them."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from inventory.models import SKU
from oms.core.errors import Refused
from oms.core.locking import atomic
from orders.models import Customer, CustomerSKU


def skus_of(codes: Iterable[str], customer: Customer | None) -> dict[str, SKU]:
    """SKUs by what they are called: their code, else the customer's own part number, else a barcode."""
    codes = set(codes)
    found = {sku.code: sku for sku in SKU.objects.filter(code__in=codes)}
    left = codes - found.keys()
    if left and customer:
        own = customer.part_numbers.filter(code__in=left).select_related("sku")
        found |= {row.code: row.sku for row in own}
        left -= found.keys()
    if left:
        scanned = SKU.objects.filter(barcodes__code__in=left)
        found |= {
            code: sku
            for sku in scanned.prefetch_related("barcodes")
            for code in {row.code for row in sku.barcodes.all()} & left
        }
    return found


def remember(customer: Customer, code: str, sku: SKU) -> CustomerSKU:
    """Keep what a customer calls a SKU; the last word counts. Raises Refused for a text that cannot be a name."""
    code = " ".join(code.split())
    if not code or len(code) > 40:
        raise Refused(_("Customer part numbers must be 1 to 40 characters long."), field="code")
    with atomic():
        return CustomerSKU.objects.update_or_create(
            customer=customer, code=code, defaults={"sku": sku}
        )[0]
