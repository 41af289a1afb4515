"""Reading order lines out of a pasted block: a spreadsheet's cells, or lines of an email.

Code and quantity come in any order, with or without other words: `22423⇥3`, `3 x 22423`, `5x22423`, `22423 Cake
stand, 3 pcs`. Which token is the code only the catalog knows, so tokens and phrases are looked up in between. What is
not plainly a count is a doubt (`counts`), never a guess; the letter around the order is not an order line (`letters`).
"""

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from orders.planners import counts, letters
from orders.planners.counts import UNITS, Count

MOST_LINES = 500
TRIMMED = 4  # words beside a name, at either end
WORD = re.compile(
    r"(?<![\d,])\d{1,3}(?:,\d{3})+(?![\d,])|(?<![\d,])\d+,0{1,2}(?![\d,])|(?<!\d)\d+,\d(?![\d,])|[^\s,;|]+"
)
GLUED = (
    re.compile(r"(?P<count>\d{1,7}[x×*])(?P<code>.{2,})", re.IGNORECASE),
    re.compile(r"(?P<code>.{2,})(?P<count>[x×*=:]\d{1,7})", re.IGNORECASE),
)
NUMBERING = re.compile(r"\d{1,3}[.)]")
EDGES = ".:-–•()[]\"'"


@dataclass(frozen=True)
class Pasted:
    """A line of the block: its number, its text, and its cells and words in order."""

    number: int
    text: str
    tokens: tuple[str, ...]

    @property
    def phrases(self) -> tuple[str, ...]:
        """Possible names of an item, comparable: each cell, and the words with some cut off at the ends."""
        words = _words(self.text)
        cut = [
            words[start : len(words) - end]
            for start in range(TRIMMED + 1)
            for end in range(TRIMMED + 1)
        ]
        phrases = [*_cells(self.text), *(" ".join(each) for each in cut)]
        return tuple(dict.fromkeys(filter(None, map(comparable, phrases))))


@dataclass(frozen=True)
class Item:
    """What a token means: the code and name of a SKU."""

    code: str
    name: str = ""


@dataclass(frozen=True)
class Read:
    """What a line asks for: a known code or none, a quantity, and the words that are left.

    Without a quantity `doubt` is the text that is not plainly a count.
    """

    number: int
    text: str
    code: str | None
    quantity: int | None
    rest: str
    doubt: str = ""


def split(text: str) -> list[Pasted]:
    """The lines that have something in them."""
    lines = [
        Pasted(number, line.strip(), _tokens(line))
        for number, line in enumerate(text.splitlines(), 1)
    ]
    return [line for line in lines if line.tokens]


def comparable(name: str) -> str:
    """A name without its case, its blanks and what surrounds it."""
    return " ".join(name.upper().split()).strip(EDGES + ",")


def _tokens(line: str) -> tuple[str, ...]:
    """Cells where there are several, whole (a code may have blanks in it), every word, and both ends of `5x20713`."""
    cells, words = _cells(line), _words(line)
    glued = [
        found["code"] for word in words for pattern in GLUED if (found := pattern.fullmatch(word))
    ]
    return tuple(dict.fromkeys([*(cells if len(cells) > 1 else []), *words, *glued]))


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"[\t;|]", line) if cell.strip()]


def _words(line: str) -> list[str]:
    """The words without what surrounds them; a minus before a number stays, and the point of a numbered line."""
    found = WORD.findall(line)
    words = [
        word
        if index == 0 and NUMBERING.fullmatch(word)
        else word.strip("()[]\"'•").rstrip(EDGES)
        if re.match(r"[-–−]\d", word)
        else word.strip(EDGES)
        for index, word in enumerate(found)
    ]
    return [word for word in words if word]


def read(line: Pasted, known: Container[str], items: Mapping[str, Item] | None = None) -> Read:
    """Choose code and quantity: the longest known token beside a plain count, else the longest known one.

    `items`: what known tokens and names mean, so that a name's own numbers are no counts. Without a quantity it is one;
    without a known code the line is left to be looked up by its words.
    """
    items = items or {}
    codes = sorted((token for token in line.tokens if token in known), key=len, reverse=True)
    name = max((phrase for phrase in line.phrases if phrase in items), key=len, default=None)
    choices = [_read_as(line, code, items, codes) for code in codes or filter(None, [name])]
    counted = [choice for choice, count in choices if count.used]
    if choices:
        return (counted or [choice for choice, _ in choices])[0]
    return _read_as(line, None, items, [])[0]


def _read_as(
    line: Pasted, code: str | None, items: Mapping[str, Item], codes: Sequence[str]
) -> tuple[Read, Count]:
    words = _without(_words(line.text), code)
    item = items.get(code or "")
    same = [
        token
        for token in codes
        if token != code and item and token in items and items[token].code == item.code
    ]
    for other in [*same, item.name if item else ""]:
        words = _without(words, other)
    words = _without_numbering(words) if code else _without_codes(words)
    count = counts.count(words)
    rest = [word for word in words if word not in count.used and word.lower() not in UNITS]
    second = next(
        (token for token in codes if token in rest and token not in same and token != code), None
    )
    if second and count.units is not None:
        count = replace(count, units=None, doubt=second)
    text = " ".join(rest if code else _rest_of_unknown(line, count))
    return Read(
        line.number, line.text, item.code if item else code, count.units, text, count.doubt
    ), count


def _rest_of_unknown(line: Pasted, count: Count) -> list[str]:
    return [
        word for word in _words(line.text) if word not in count.used and word.lower() not in UNITS
    ]


def _without(words: list[str], phrase: str | None) -> list[str]:
    """The words without those of a code or name, the first time that they stand together; `5x20713` leaves `5x`."""
    parts = [word.upper() for word in _words(phrase or "")]
    upper = [word.upper() for word in words]
    for start in range(len(words) - len(parts) + 1 if parts else 0):
        if upper[start : start + len(parts)] == parts:
            return words[:start] + words[start + len(parts) :]
    for index, word in enumerate(words if parts else []):
        for pattern in GLUED:
            found = pattern.fullmatch(word)
            if found and found["code"] == phrase:
                return [
                    *words[:index],
                    found["count"].replace("=", "x").replace(":", "x"),
                    *words[index + 1 :],
                ]
    return words


def _without_numbering(words: list[str]) -> list[str]:
    """`1. 22423 3` is numbered; `3. 22423` may be, or may not."""
    numbered = len(words) > 1 and NUMBERING.fullmatch(words[0])
    return words[1:] if numbered and any(counts.plain(word) for word in words[1:]) else words


def _without_codes(words: list[str]) -> list[str]:
    """Without long numbers beside a shorter one: of a line that is not known they are its code."""
    short = [word for word in words if not re.fullmatch(r"\d{5,}", word)]
    return short if any(counts.plain(word) for word in short) else words


def lines_of_letter(lines: Iterable[Read]) -> set[int]:
    """The numbers of lines without a code that belong to the letter: greetings, headings, contacts, a signature."""
    found, closed = set(), False
    for line in lines:
        closed = closed or (line.code is None and letters.is_closing(line.text))
        signature = closed and not any(counts.plain(word) for word in _words(line.text))
        if line.code is None and (signature or letters.is_no_line(line.text)):
            found.add(line.number)
    return found
