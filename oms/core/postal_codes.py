"""Postal codes in one form whoever wrote them, and the regions that each lies in, from near to far."""

import re

from oms.core import codes

BRITISH = {"GB", "JE", "GG", "IM", "GI"}
GROUPS = {  # lengths of the two parts, and what stands between them
    "SE": (3, " ", 2),
    "CZ": (3, " ", 2),
    "SK": (3, " ", 2),
    "GR": (3, " ", 2),
    "NL": (4, " ", 2),
    "CA": (3, " ", 3),
    "IE": (3, " ", 4),
    "MT": (3, " ", 4),
    "PL": (2, "-", 3),
    "PT": (4, "-", 3),
    "BR": (5, "-", 3),
    "JP": (3, "-", 4),
    "US": (5, "-", 4),
    "PR": (5, "-", 4),
}
WITH_LETTERS = {
    *BRITISH,
    "CA",
    "IE",
    "MT",
    "NL",
    "AR",
    "AD",
    "BM",
    "BN",
    "KY",
    "SZ",
    "VG",
    "SO",
    "MS",
    "TC",
    "VC",
    "FK",
    "GS",
    "IO",
    "PN",
    "AI",
    "SH",
}
UNIT = re.compile(r"^([A-Z]{1,2}[0-9][A-Z0-9]?)([0-9][A-Z]{2})$")
SECTOR = re.compile(r"^([A-Z]{1,2}[0-9][A-Z0-9]?) ([0-9])([A-Z]{2})?$")
OUTWARD = re.compile(r"^([A-Z]{1,2})([0-9]{1,2})([A-Z]?)$")


def normalize(country: str, code: str) -> str:
    """A postal code as its country writes it: `n19gu` in GB is `N1 9GU`, `1012ab` in NL `1012 AB`, `D-10115` `10115`.

    A code that does not look like one of its country is only put in capitals, without what stands around it.
    """
    country, text = country.upper(), " ".join(code.upper().split())
    compact = _compact(country, text)
    if country in BRITISH:
        found = UNIT.match(compact)
        return f"{found[1]} {found[2]}" if found else text
    return _grouped(country, compact) if compact else text


def _compact(country: str, text: str) -> str:
    """Letters and digits alone, without what people write around a code: D-, LV-, CEDEX 9."""
    if country in {"FR", "MC"}:
        text = re.sub(r"\b(CEDEX|CITYSSIMO)\b.*", "", text)
    compact = "".join(each for each in text if each.isalnum())
    if country == "AR":
        return re.sub(r"^[A-Z](\d{4})[A-Z]{3}$", r"\1", compact)
    if country not in WITH_LETTERS:
        return re.sub(r"^[A-Z]{1,3}(?=\d)", "", compact)
    return re.sub(rf"^{country}(?=\d)", "", compact) if country in {"NL", "AR"} else compact


def _grouped(country: str, compact: str) -> str:
    first, between, second = GROUPS.get(country, (len(compact), "", 0))
    if len(compact) <= first or len(compact) > first + second:
        return compact
    return f"{compact[:first]}{between}{compact[first:]}"


def regions(country: str, code: str) -> list[str]:
    """What a postal code lies in, the code itself first and the whole country ("") last.

    British codes go by unit, sector, district and area (N1 9GU, N1 9, N1, N), so that N1 is not a part of N19;
    all others by their first characters.
    """
    full = normalize(country, code)
    if country.upper() in BRITISH:
        return list(dict.fromkeys([full, *_british(full), ""]))
    steps = (full[:length].rstrip(" -") for length in range(len(full), 0, -1))
    return list(dict.fromkeys([*steps, ""]))


def _british(full: str) -> list[str]:
    sector = SECTOR.match(full)
    outward = sector[1] if sector else full
    found = OUTWARD.match(outward)
    wider = [found[1] + found[2], found[1]] if found else []
    return [*([f"{outward} {sector[2]}"] if sector else []), outward, *wider]


def tidy(address: dict[str, str]) -> dict[str, str]:
    """An address with its country by ISO 3166-1 and its postal code as the country writes it.

    Raises Refused for a country that isn't one.
    """
    if not address.get("country"):
        return address
    country = codes.require(codes.country, address["country"], "country")
    return address | {
        "country": country,
        "postal_code": normalize(country, address.get("postal_code") or ""),
    }
