"""VAT numbers and IBANs: written in one way, however they were entered."""

import re

# Whose numbers have no signs of their own.
_VAT_PREFIXES = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "EL",
        "ES",
        "FI",
        "FR",
        "GB",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
        "XI",
    ]
)


def tidy_vat_number(written: str) -> str:
    """A VAT number in capitals; without spaces and signs where its country's numbers have none."""
    text = " ".join(written.upper().split())
    bare = re.sub(r"[\s./-]", "", text)
    return bare if bare[:2] in _VAT_PREFIXES else text


def split_vat_numbers(written: str) -> list[str]:
    """The numbers of a text that separates them by commas, semicolons or lines."""
    return [text for each in re.split(r"[,;\n]", written) if (text := each.strip())]


def tidy_vat_numbers(written: str) -> str:
    """Several VAT numbers, each in one way, separated by commas."""
    return ", ".join(map(tidy_vat_number, split_vat_numbers(written)))


def country_of(vat_number: str) -> str:
    """The country whose code a VAT number begins with; XI for Northern Ireland."""
    return {"EL": "GR"}.get(vat_number[:2].upper(), vat_number[:2].upper())


def tidy_iban(written: str) -> str:
    """An IBAN as it is sent to banks: in capitals, without spaces and hyphens."""
    return re.sub(r"[\s-]", "", written).upper()


def by_fours(iban: str) -> str:
    """An IBAN as people read it: in groups of four."""
    bare = tidy_iban(iban)
    return " ".join(bare[start : start + 4] for start in range(0, len(bare), 4))
