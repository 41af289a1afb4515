"""What the clock does with stock."""

from celery import shared_task
from django.utils import timezone

from inventory import adjusting, alerts, replenishment, sourcing
from inventory.models import BinStock


@shared_task
def check_reorder_points() -> None:
    """Propose what must be bought, and tell what is low or out and was not told when it happened."""
    replenishment.reorder_check()
    alerts.watch_all()


@shared_task
def quarantine_expired_lots() -> None:
    """Take lots that expired out of what can be sold."""
    today = timezone.now().date()
    expired = BinStock.objects.filter(lot__expires_on__lt=today, bin__is_sellable=True, on_hand__gt=0)
    for row in expired.select_related("sku", "bin", "lot", "bin__warehouse"):
        assert row.lot is not None
        adjusting.quarantine_expired(row.sku, row.bin, row.lot)


@shared_task
def reserve_what_is_near() -> None:
    """Hold stock for orders that were confirmed for a later day, which has come near."""
    sourcing.serve_due()
