"""Commands that are more than a call of what other tests try."""

import pytest
from django.core.management import CommandError, call_command
from django.db.migrations.recorder import MigrationRecorder
from facturx import xml_check_xsd
from pypdf import PdfReader

from oms.core.models import ExchangeRate, Sequence
from oms.printing.rendering import can_render
from oms.web.demo import einvoice_cases
from tests import builders as make

pytestmark = pytest.mark.django_db


@pytest.mark.papers
@pytest.mark.skipif(not can_render(), reason="PDFs need Pango")
def test_a_sample_of_each_e_invoice_is_written_and_no_number_is_used_up(tmp_path, monkeypatch):
    some = {name: einvoice_cases.CASES[name] for name in ("domestic", "credit_note")}
    monkeypatch.setattr("oms.web.management.commands.issue_sample_einvoices.CASES", some)

    call_command("issue_sample_einvoices", str(tmp_path / "new"))

    written = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert written == sorted(
        f"{name}.{kind}" for name in some for kind in ("cii.xml", "ubl.xml", "pdf")
    )
    for path in (tmp_path / "new").glob("*.xml"):
        assert xml_check_xsd(path.read_bytes())
    assert "factur-x.xml" in PdfReader(tmp_path / "new" / "domestic.pdf").attachments
    assert not Sequence.objects.exists()


def test_rates_are_imported_from_a_file(tmp_path, capsys):
    make.company()
    path = tmp_path / "eurofxref.csv"
    path.write_text("Date,USD,GBP\n2027-01-29,1.1,0.8\n")

    call_command("import_rates", str(path))

    assert ExchangeRate.objects.count() == 2
    with pytest.raises(CommandError, match="There is no file"):
        call_command("import_rates", str(tmp_path / "other"))


@pytest.mark.parametrize(
    "command",
    [
        ["verify"],
        ["issue_sample_einvoices", "x"],
        ["import_rates", "x"],
        ["import_orders", "x", "--format=online-retail", "--as=open"],
    ],
)
def test_tables_of_an_earlier_version_are_told(command):
    MigrationRecorder.Migration.objects.filter(app="orders").delete()

    with pytest.raises(CommandError, match=r"manage\.py migrate"):
        call_command(*command)


def test_a_database_of_a_version_before_the_first_release_is_not_touched():
    MigrationRecorder.Migration.objects.create(app="orders", name="0009_terms")

    with pytest.raises(CommandError, match="can't be upgraded"):
        call_command("migrate")
    with pytest.raises(CommandError, match="--fresh"):
        call_command("demo", "--no-serve")
