"""What the clock does with stock."""

from celery import shared_task

from inventory import adjusting, backorders, expiry, unservable
from inventory.models import BinStock, Warehouse


@shared_task
def quarantine_expired_lots() -> None:
    """Take lots that expired out of what can be sold, and what lives too short for its order back from it."""
    for warehouse in Warehouse.objects.all():
        expiring = BinStock.objects.filter(
            bin__warehouse=warehouse,
            bin__is_sellable=True,
            on_hand__gt=0,
            lot__expires_on__isnull=False,
        ).select_related("sku", "bin", "lot")
        skus = {row.sku_id: row.sku for row in expiring}
        for row in expiring.filter(lot__expires_on__lt=expiry.today_in(warehouse)):
            assert row.lot is not None
            adjusting.quarantine_expired(row.sku, row.bin, row.lot)
        for sku in skus.values():
            unservable.release([sku], warehouse)


@shared_task
def reserve_what_is_near() -> None:
    """ReservationRequest stock for orders that were confirmed for a later day, which has come near."""
    backorders.serve_due()
