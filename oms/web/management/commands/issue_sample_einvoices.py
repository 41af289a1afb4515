"""Write one e-invoice of each case, for validators elsewhere."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import transaction
from tqdm import tqdm

from oms.printing import rendering
from oms.web.demo.einvoice_cases import CASES
from oms.web.management.base import OnTables
from orders.accounting import einvoicing, printing
from orders.accounting.connectors.einvoices.en16931 import connector


class Command(OnTables):
    help = (
        "Issue one invoice or credit note of each case (domestic, reverse charge, export, …) and write it as "
        "Factur-X (PDF), CII and UBL (XML). Everything is taken back: no number is used up."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="output folder (created if missing)")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        if not rendering.can_render():
            raise CommandError(rendering.MISSING_SYSTEM_LIBRARY)
        folder.mkdir(parents=True, exist_ok=True)
        for name, build in tqdm(CASES.items(), unit="case"):
            with transaction.atomic():
                invoice = build()
                document = einvoicing.document_of(invoice)
                cii = connector.cii(document)
                (folder / f"{name}.cii.xml").write_bytes(cii)
                (folder / f"{name}.ubl.xml").write_bytes(connector.ubl(document))
                (folder / f"{name}.pdf").write_bytes(
                    connector.factur_x(
                        printing.invoice_pdf(invoice),
                        cii,
                        title=f"Invoice {invoice}",
                        author=document.seller.name,
                    )
                )
                transaction.set_rollback(True)
        self.stdout.write(f"{len(CASES)} cases, three files each, are in {folder}.")
