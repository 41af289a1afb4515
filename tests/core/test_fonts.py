"""Characters that no font on this machine has are named where they are entered, at every door."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from inventory.models import SKU
from oms.core import fonts, limits
from oms.core.models import User
from oms.files.columns import Text

pytestmark = pytest.mark.django_db
NAMED = r"No font on this machine has 📦 \(U\+1F4E6\)\. .* fonts-symbola for emoji\."


@pytest.fixture
def latin_only(monkeypatch):
    """A machine with the fonts of a bare server."""
    monkeypatch.setattr(fonts, "_ranges", lambda: ([0x20, 0xA0, 0x20AC], [0x7E, 0x24F, 0x20AC]))
    fonts._is_covered.cache_clear()
    yield
    fonts._is_covered.cache_clear()


def test_runs_of_all_fonts_are_one_list(monkeypatch, tmp_path):
    lister = tmp_path / "fc-list"
    lister.write_text("#!/bin/sh\nprintf '20-7e a0-17f\\n41 180-24f 20ac\\n'\n")
    lister.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    fonts._ranges.cache_clear()

    assert fonts._ranges() == ([0x20, 0xA0, 0x20AC], [0x7E, 0x24F, 0x20AC])
    fonts._ranges.cache_clear()


def test_what_cannot_be_seen_needs_no_font(latin_only):
    assert fonts.missing("Grüße\n\t5 € \u200b\ufe0f") == ""
    assert fonts.missing("a 漢 b 📦📦") == "漢📦"


def test_nothing_is_missing_where_there_is_nothing_to_print_with(monkeypatch):
    monkeypatch.setattr(fonts, "_ranges", lambda: ([], []))
    fonts._is_covered.cache_clear()
    assert fonts.missing("漢📦") == ""
    fonts._is_covered.cache_clear()


def test_forms_and_sheets_name_them(latin_only, client):
    client.force_login(User.objects.create_superuser("root", "root@example.com"))

    with pytest.raises(ValidationError, match=NAMED):
        SKU(code="BOX", name="Box 📦").full_clean()
    with pytest.raises(ValueError, match=NAMED):
        Text().read("Box 📦")
    page = client.post(
        reverse("admin:inventory_sku_add"), {"code": "BOX", "name": "Box 📦"}
    ).content.decode()
    assert "No font on this machine has 📦 (U+1F4E6)" in page and not SKU.objects.exists()


def test_letters_of_a_name_that_fonts_have_are_taken(latin_only):
    limits.require_text("Łukasz Ångström & Søn, 10 €")
