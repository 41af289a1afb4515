"""Spreadsheets of SKUs, barcodes, suppliers, what they sell, and opening stock."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from inventory import receiving
from inventory.models import SKU, Barcode, Bin, BinStock, Category, Stock, Warehouse
from inventory.models.sku import BARCODE_TAKEN, CODE_TAKEN
from inventory.receiving import Opening
from oms.core.errors import DomainError, Refused
from oms.core.locking import is_aborted
from oms.files.columns import Day, Reference, Text, Whole, column_of
from oms.files.records import RecordMeta, RecordSheet
from oms.files.rows import NEW, UNCHANGED, DocumentSheet, Outcome, Row, column, rolled_back_if


class ScannedSheet(RecordSheet):
    """Records whose code a scanner reads: it must not be another product's."""

    class Meta(RecordMeta):
        abstract = True

    def look_up(self, rows: Sequence[Row]) -> None:
        super().look_up(rows)
        self.taken = self.codes_of_others({str(row.get("code") or "").strip() for _, row in rows})

    def codes_of_others(self, codes: set[str]) -> dict[str, int]:
        """The SKU that a code stands for in the other kind of record."""
        raise NotImplementedError

    def require_own(self, code: str, sku: int | None, message: Any) -> None:
        if self.taken.get(code, sku) != sku:
            raise ValidationError({"code": message})


class SKUSheet(ScannedSheet):
    title, slug, imports, about = _("SKUs"), "skus", SKU, SKU
    category = column("category", Reference(Category, "name"))

    class Meta(RecordMeta):
        model = SKU
        import_id_fields = ["code"]
        fields = (
            "code",
            "name",
            "category",
            "base_unit",
            "tax_class",
            "weight_g",
            "length_mm",
            "width_mm",
            "height_mm",
            "hs_code",
            "origin",
            "tracking",
            "has_expiry",
            "is_kit",
            "is_sellable",
        )

    def codes_of_others(self, codes: set[str]) -> dict[str, int]:
        return dict(Barcode.objects.filter(code__in=codes).values_list("code", "sku_id"))

    def validate_instance(self, instance: Any, *args: Any, **options: Any) -> None:
        self.require_own(instance.code, instance.pk, BARCODE_TAKEN)
        super().validate_instance(instance, *args, **options)


class BarcodeSheet(ScannedSheet):
    title, slug, imports, about = _("barcodes"), "barcodes", Barcode, Barcode
    sku = column("sku", Reference(SKU, "code"))

    class Meta(RecordMeta):
        model = Barcode
        import_id_fields = ["code"]
        fields = ("code", "sku", "pack_name", "pack_quantity")

    def codes_of_others(self, codes: set[str]) -> dict[str, int]:
        return dict(SKU.objects.filter(code__in=codes).values_list("code", "pk"))

    def validate_instance(self, instance: Any, *args: Any, **options: Any) -> None:
        self.require_own(instance.code, instance.sku_id, CODE_TAKEN)
        super().validate_instance(instance, *args, **options)

    def listed(self, rows: Any) -> Any:
        return Barcode.objects.filter(sku__in=rows).select_related("sku").order_by("pk")


class OpeningStockSheet(DocumentSheet):
    """What lies in a bin at the start. Where just that lies already, nothing happens; other stock there is a fault."""

    title, slug, imports, about = _("opening stock"), "opening-stock", BinStock, BinStock
    warehouse = column("bin__warehouse", Reference(Warehouse, "code"), "warehouse")
    bin = column("bin__code", Text("", most=24), "bin")
    sku = column("sku", Reference(SKU, "code"))
    lot = column("lot__code", Text("", most=40), "lot")
    expires_on = column("lot__expires_on", Day(None), "expires_on")
    quantity = column("on_hand", Whole(least=1), "quantity")
    unit_cost = column(
        "unit_cost", column_of(Stock._meta.get_field("average_cost"), empty=Decimal(0))
    )

    class Meta:
        import_id_fields = ["warehouse", "bin", "sku", "lot"]

    @classmethod
    def needed(cls) -> list[str]:
        return ["warehouse", "bin", "sku"]

    def subject(self, row: dict[str, Any]) -> str:
        return " ".join(
            str(row.get(name, "")) for name in ("warehouse", "bin", "sku", "lot")
        ).strip()

    def listed(self, rows: Any) -> Any:
        cost = Stock.objects.filter(
            sku=OuterRef("sku"), warehouse=OuterRef("bin__warehouse")
        ).values("average_cost")
        return (
            rows.filter(on_hand__gt=0)
            .select_related("sku", "bin__warehouse", "lot")
            .annotate(unit_cost=Subquery(cost))
        )

    def groups(self, rows: Sequence[Row]) -> list[list[Row]]:
        return [list(rows)]

    def take_group(self, group: list[Row], outcome: Outcome, dry_run: bool) -> None:
        """All rows of a batch in one booking; one by one where that is refused, so that each fault finds its row."""
        trial = Outcome()
        entries = [self.read(number, row, trial.faults) for number, row in group]
        if trial.faults or len(group) == 1:
            return self._one_by_one(group, outcome, dry_run)
        try:
            with rolled_back_if(dry_run):
                booked = self._book(entries)
        except (DomainError, DatabaseError) as error:
            if is_aborted(error):
                raise
            return self._one_by_one(group, outcome, dry_run)
        for position, (number, row) in enumerate(group):
            what = self._told(entries[position]) if position in booked else ""
            outcome.add(number, self.subject(row), NEW if what else UNCHANGED, what)
        return None

    def _told(self, entry: dict[str, Any]) -> str:
        return gettext("%(quantity)s received") % entry

    def _one_by_one(self, group: list[Row], outcome: Outcome, dry_run: bool) -> None:
        for row in group:
            super().take_group([row], outcome, dry_run)

    def perform(self, entries: Sequence[dict[str, Any]]) -> str:
        return self._told(entries[0]) if self._book(entries) else ""

    def _book(self, entries: Sequence[dict[str, Any]]) -> set[int]:
        """Book what is not there yet, and return the positions of those rows."""
        bins = {
            (each.warehouse_id, each.code): each
            for each in Bin.objects.filter(
                warehouse__in={entry["warehouse"] for entry in entries},
                code__in={entry["bin"] for entry in entries},
            )
        }
        lying = BinStock.objects.filter(
            bin__in=bins.values(), sku__in={entry["sku"] for entry in entries}, on_hand__gt=0
        )
        known = {
            tuple(key): on_hand
            for *key, on_hand in lying.values_list("bin_id", "sku_id", "lot__code", "on_hand")
        }
        wanted: dict[Warehouse, list[Opening]] = {}
        booked = set()
        for position, entry in enumerate(entries):
            place = bins.get((entry["warehouse"].pk, entry["bin"]))
            if place is None:
                raise Refused(
                    gettext("Bin “%(bin)s” doesn't exist in %(warehouse)s. Create it first.")
                    % {"warehouse": entry["warehouse"], "bin": entry["bin"]}
                )
            if entry["quantity"] is None:
                raise Refused(gettext("Enter a whole number greater than 0."))
            if entry["lot"] and entry["sku"].tracking == SKU.Tracking.NONE:
                raise Refused(
                    gettext("%(sku)s isn't lot-tracked. Remove lot %(lot)s.")
                    % {"sku": entry["sku"], "lot": entry["lot"]}
                )
            there = known.get((place.pk, entry["sku"].pk, entry["lot"] or None), 0)
            if there == entry["quantity"]:
                continue
            if there:
                raise Refused(
                    gettext("%(place)s already has %(there)s × %(sku)s. Count the bin instead.")
                    % {"place": place, "there": there, "sku": entry["sku"]}
                )
            lot = receiving.lot_of(entry["sku"], entry["lot"], entry["expires_on"])
            booked.add(position)
            wanted.setdefault(entry["warehouse"], []).append(
                Opening(entry["sku"], place, entry["quantity"], entry["unit_cost"], lot)
            )
        for warehouse, stock in wanted.items():
            receiving.open_stock(warehouse, stock, by=self.user)
        return booked
