"""Where goods leave or arrive as VAT law divides the world, which isn't as ISO 3166-1 does."""

import re
from dataclasses import dataclass

# The member states of the European Union, ISO 3166-1.
EU = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
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
    ]
)
NORTHERN_IRELAND = "XI"
BRITISH = ("GB", NORTHERN_IRELAND)
# Directive 2006/112/EC, Article 7: what counts as another country's.
COUNTS_AS = {"IM": "GB", "MC": "FR"}
# Article 6: outside the VAT area, and without a code of their own. (Those with one, such as AX, RE and GG, are
# countries of their own here.) Postal codes by their beginnings, without spaces.
OUTSIDE = {
    "DE": {"27498": "Heligoland", "78266": "Büsingen"},
    "ES": {"35": "Canary Islands", "38": "Canary Islands", "51": "Ceuta", "52": "Melilla"},
    "FI": {"22": "Åland"},
    "FR": {
        "97": "French overseas",
        "984": "French overseas",
        "986": "French overseas",
        "987": "French overseas",
        "988": "French overseas",
    },
    "GR": {"63086": "Mount Athos", "63087": "Mount Athos"},
    "IT": {"23041": "Livigno", "22061": "Campione d'Italia"},
}
CYPRIOT_BASES = {"BFPO57", "BFPO58"}  # Akrotiri and Dhekelia
CHANNEL_ISLANDS = {"JE": "JE", "GY": "GG"}  # areas of British postal codes


@dataclass(frozen=True)
class Place:
    """A place by the country whose tax rates apply there, and the VAT area that it lies in.

    `area`: a member state, XI for Northern Ireland, GB for the rest of the United Kingdom, empty outside of both.
    `territory`: the part of its country that lies outside its VAT area. `may_be`: the other places that an address
    without its postal code may mean.
    """

    country: str
    area: str = ""
    territory: str = ""
    may_be: tuple["Place", ...] = ()

    @property
    def code(self) -> str:
        """How it's stored: country, or XI, or country and territory."""
        return (
            NORTHERN_IRELAND
            if self.area == NORTHERN_IRELAND
            else f"{self.country} {self.territory}".strip()
        )

    @property
    def is_in_union(self) -> bool:
        """Whether goods there are in the Union's VAT area (for Northern Ireland by its Protocol, Article 8)."""
        return self.area in EU or self.area == NORTHERN_IRELAND


def named(code: str) -> Place:
    """The place that has this code."""
    country, _, territory = code.partition(" ")
    if country == NORTHERN_IRELAND:
        return Place("GB", NORTHERN_IRELAND)
    return Place(country, "", territory) if territory else place(country)


def place(country: str, postal_code: str = "") -> Place:
    """The place of an address by its ISO country and postal code."""
    country = country.strip().upper()
    code = "".join(each for each in postal_code.upper() if each.isalnum())
    country = COUNTS_AS.get(country, country)
    if country == "GB":
        return _british(code)
    if country not in EU:
        return Place(country)
    code = re.sub(r"^[A-Z]{1,3}(?=\d)", "", code)  # as in D-27498
    for beginning, territory in OUTSIDE.get(country, {}).items():
        if code.startswith(beginning):
            return Place(country, "", territory)
    others = sorted(set(OUTSIDE.get(country, {}).values())) if not code else []
    return Place(country, country, may_be=tuple(Place(country, "", name) for name in others))


def _british(code: str) -> Place:
    if code in CYPRIOT_BASES:
        return Place("CY", "CY")
    letters = code.rstrip("0123456789")[:2] if code[:2].isalpha() else ""
    if letters in CHANNEL_ISLANDS:
        return Place(CHANNEL_ISLANDS[letters])
    if letters == "BT":
        return Place("GB", NORTHERN_IRELAND)
    is_unknown = not code or letters == "BF"  # forces' mail goes anywhere
    return Place("GB", "GB", may_be=(Place("GB", NORTHERN_IRELAND),) if is_unknown else ())
