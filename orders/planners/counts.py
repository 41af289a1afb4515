"""Telling a plain count of units from everything else that has digits in it.

A number that could be read in two ways, or counts something other than units, is a doubt: a person decides.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

MOST_UNITS = 1_000_000


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


UNITS = _set(
    "x × * pc pcs pce pces piece pieces ea each unit units qty quantity of stk stück st menge"
)
PACKS = _set("""
    dozen dozens doz dz dutzend gross score hundred thousand k pair pairs paar pr pack packs packet packets pk pkt box
    boxes case cases carton cartons ctn karton kartons crate crates kiste kisten pallet pallets palette paletten set
    sets satz roll rolls rolle rollen bag bags ve kg g lb lbs m cm mm l ml ltr %
""")
NUMBER_WORDS = _set("""
    one two three four five six seven eight nine ten eleven twelve twenty half couple few several dozen dozens
    eine einen zwei drei vier fünf sechs sieben acht neun zehn zwölf halb halbes dutzend
""")
CURRENCIES = {"gbp", "eur", "usd", "chf", "£", "€", "$"}
PRICE_SIGNS = {"@", "à", "at", "je", "price", "preis", "£", "€", "$"}

PLAIN = re.compile(
    r"(?:[x×*]?(\d{1,7}|\d{1,3}(?:,\d{3})+)|(\d{1,7})[.,]0{1,2})(?:x|×|pcs?|pieces?|stk)?",
    re.IGNORECASE,
)
NUMERIC = re.compile(r"[x×*]?[-+−–~≈<>±]*\d[\d.,'’/:–−+*x×-]*[%?k]?x?|\d*[¼½¾⅓⅔⅛]", re.IGNORECASE)
PRICE = re.compile(r"[£€$]\d[\d.,]*|\d[\d.,]*[£€$]")
DECIMAL = re.compile(r"\d+[.,]\d{1,2}")


@dataclass(frozen=True)
class Count:
    """Units, or None with the text that is not plainly a count; `used` are the words that it was read from."""

    units: int | None
    doubt: str = ""
    used: tuple[str, ...] = ()


def plain(word: str) -> int | None:
    """The units that a word says by itself, or None: `3`, `x3`, `3pcs`, `1,200`, `3.00`, but not `1.000` or `2.5`."""
    found = PLAIN.fullmatch(word)
    return int((found.group(1) or found.group(2)).replace(",", "")) if found else None


def count(words: Sequence[str]) -> Count:
    """Read the one plain count among the words of a line that are not its code or name; none at all is one unit."""
    counts, doubts, odd = _sort(words)
    whole = [word for word in counts if not DECIMAL.fullmatch(word)] or counts
    marked = [word for word in whole if _is_marked(words, word)]
    chosen = marked if len(marked) == 1 else whole
    if doubts or (odd and not chosen):
        return Count(None, (doubts or odd)[0])
    if not chosen:
        return Count(1)
    if len(set(chosen)) > 1:
        return Count(None, ", ".join(chosen))
    units = plain(chosen[0]) or 0
    return Count(units, used=(chosen[0],)) if 0 < units <= MOST_UNITS else Count(None, chosen[0])


def _sort(words: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Plain counts; doubts, whatever else the line says; and what is a doubt only where nothing else counts."""
    counts: list[str] = []
    doubts: list[str] = []
    odd: list[str] = []
    for index, word in enumerate(words):
        before = words[index - 1].lower() if index else ""
        after = words[index + 1].lower().strip(".") if index + 1 < len(words) else ""
        if PRICE.fullmatch(word) or (
            NUMERIC.fullmatch(word) and (before in PRICE_SIGNS or after in CURRENCIES)
        ):
            continue
        if plain(word) is not None and after not in PACKS:
            counts.append(word)
        elif DECIMAL.fullmatch(word) and after not in PACKS:
            odd.append(word)
        elif NUMERIC.fullmatch(word):
            doubts.append(f"{word} {words[index + 1]}" if after in PACKS else word)
        elif word.lower() in NUMBER_WORDS and not (before and plain(before) is not None):
            odd.append(word)
    return counts, doubts, odd


def _is_marked(words: Sequence[str], word: str) -> bool:
    """Whether the word says that it counts, or the one beside it does: `x3`, `3 pcs`, `qty 3`."""
    at = words.index(word)
    beside = {
        other.lower().strip(".") for other in (*words[max(0, at - 1) : at], *words[at + 1 : at + 2])
    }
    return word.strip("0123456789,.") != "" or bool(beside & (UNITS - {"of"}))
