"""Reading order lines out of a pasted block: a spreadsheet's cells, or lines of an e-mail.

Code and quantity come in any order, with or without other words: `22423⇥3`, `3 x 22423`, `22423 Cake stand, 3 pcs`.
Which token is the code only the catalogue knows, so that the tokens are looked up in between.
"""

import re
from collections.abc import Container
from dataclasses import dataclass

MOST_LINES = 500
UNITS = {"x", "×", "*", "pc", "pcs", "pce", "piece", "pieces", "ea", "each", "unit", "units", "qty", "of"}
WORD = re.compile(r"(?<![\d,])\d{1,3}(?:,\d{3})+(?![\d,])|[^\s,;|]+")
QUANTITY = re.compile(r"[x×*]?(\d{1,3}(?:,\d{3})+|\d{1,6})(?:\.0+)?(?:x|×|pcs?|pieces?)?", re.IGNORECASE)
EDGES = ".:-–•()[]\"'"


@dataclass(frozen=True)
class Pasted:
    """A line of the block: its number, its text, and its cells and words in order."""

    number: int
    text: str
    tokens: tuple[str, ...]


@dataclass(frozen=True)
class Read:
    """What a line asks for: a known code or none, a quantity, and the words that are left."""

    number: int
    text: str
    code: str | None
    quantity: int
    rest: str


def split(text: str) -> list[Pasted]:
    """The lines that have something in them."""
    lines = [Pasted(number, line.strip(), _tokens(line)) for number, line in enumerate(text.splitlines(), 1)]
    return [line for line in lines if line.tokens]


def _tokens(line: str) -> tuple[str, ...]:
    """Cells where there are several, whole (a code may have blanks in it), and every word; each once."""
    cells = [cell.strip() for cell in re.split(r"[\t;|]", line) if cell.strip()]
    return tuple(dict.fromkeys([*(cells if len(cells) > 1 else []), *_words(line)]))


def _words(line: str) -> list[str]:
    words = (word.strip(EDGES) for word in WORD.findall(line))
    return [word for word in words if word]


def read(line: Pasted, known: Container[str]) -> Read:
    """Choose code and quantity: the longest known token that leaves a quantity, else the longest known one.

    Without a quantity it is one; without a known code the line is left to be looked up by its words.
    """
    codes = sorted((token for token in line.tokens if token in known), key=len, reverse=True)
    code = next((each for each in codes if _quantity(line, each)), codes[0] if codes else None)
    token = _quantity(line, code)
    named = {word.lower() for word in [*(code or "").split(), code or "", token or ""]} | UNITS
    rest = " ".join(word for word in _words(line.text) if word.lower() not in named)
    return Read(line.number, line.text, code, _number(token) if token else 1, rest)


def _quantity(line: Pasted, code: str | None) -> str | None:
    """The first token that is a quantity and not the code; the shortest where the code is not known."""
    found = [token for token in line.tokens if token != code and _number(token)]
    return min(found, key=len if code is None else lambda token: 0, default=None)


def _number(token: str) -> int:
    """A token's quantity; 0 where it is none."""
    found = QUANTITY.fullmatch(token)
    return int(found.group(1).replace(",", "")) if found else 0
