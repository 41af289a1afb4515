"""Barcodes as one vector path each, and the GS1 numbers that they carry."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import zxingcpp
from django.utils.translation import gettext as _

from oms.core.errors import Refused

DOT_MM = 25.4 / 203  # of a label printer
MM_PER_PX = 25.4 / 96  # CSS 2.2, 4.3.2
BAR_DOTS = (
    4,
    3,
    2,
)  # widths of a module, from the easiest to read to the narrowest that scanners read at 203 dpi
CELL_DOTS, MANY_CELLS = (4, 3), 37  # of a QR code, and of one with that many cells or more across
# Without a prefix of our own: numbers of restricted circulation, for use within a company (GS1 General Specifications).
IN_HOUSE_PREFIX = "0400000"


@dataclass(frozen=True)
class Bars:
    """A barcode as one dashed line: its text, the widths of bars and gaps in turn and its whole width, in dots.

    A line with dashes is the shortest vector that there is: one path, whatever the number of bars.
    """

    text: str
    widths: tuple[int, ...]

    @property
    def dots(self) -> int:
        return sum(self.widths)

    @property
    def width_mm(self) -> float:
        return self.dots * DOT_MM

    @property
    def width_px(self) -> float:
        """In CSS pixels, which the engine reads at once; other units it searches for."""
        return self.width_mm / MM_PER_PX

    @property
    def dashes(self) -> str:
        return " ".join(map(str, self.widths))


@dataclass(frozen=True)
class Matrix:
    """A QR code (ISO/IEC 18004) as one path: its text, the path and its width in cells."""

    text: str
    path: str
    cells: int

    @property
    def width_mm(self) -> float:
        return self.cells * CELL_DOTS[self.cells >= MANY_CELLS] * DOT_MM


def symbol(text: str, room_mm: float) -> Bars | Matrix:
    """Code 128 where it holds the text and fits into the room, else a QR code."""
    try:
        return bars(text, room_mm)
    except Refused:
        return _matrix(text)


def bars(text: str, room_mm: float) -> Bars:
    """Code 128 (ISO/IEC 15417) of a text in the widest bars that fit. Raises Refused where it has none that do.

    Digits are set in pairs (character set C) where that is shorter.
    """
    strange = sorted({character for character in text if not " " <= character <= "~"})
    if strange or not text:
        raise Refused(
            _(
                "The barcode of “%(text)s” can't hold %(characters)s. Use letters A to Z, digits and common "
                "punctuation."
            )
            % {"text": text, "characters": ", ".join(strange) or _("an empty text")},
            code="unprintable",
        )
    widths = _runs(zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.Code128))
    for dots in BAR_DOTS:
        found = Bars(text, tuple(width * dots for width in widths))
        if found.width_mm <= room_mm:
            return found
    raise Refused(
        _(
            "The barcode of “%(text)s” would be %(width)s mm wide, and there is room for %(room)s mm. Use a "
            "shorter number."
        )
        % {"text": text, "width": round(found.width_mm), "room": int(room_mm)},
        code="unprintable",
    )


def sscc_bars(sscc: str) -> Bars:
    """An SSCC-18 as GS1-128: FNC1, the application identifier 00, and the number."""
    made = zxingcpp.create_barcode(f"(00){sscc}", zxingcpp.BarcodeFormat.Code128, gs1=True)
    return Bars(f"(00) {sscc}", tuple(width * BAR_DOTS[0] for width in _runs(made)))


def _runs(barcode: Any) -> list[int]:
    return [len(list(run)) for _dark, run in groupby(_rows(barcode)[0])]


def _rows(barcode: Any) -> list[Sequence[int]]:
    """The cells of a barcode, a byte each, row by row."""
    cells: Any = memoryview(barcode.to_image(scale=1, add_quiet_zones=False))
    return list(cells.tolist())


def _matrix(text: str) -> Matrix:
    """A QR code in UTF-8, which it names, so that every reader takes it for the same text."""
    rows = _rows(
        zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M", eci="UTF-8")
    )
    path = []
    for y, row in enumerate(rows):
        x = 0
        for shade, run in groupby(row):
            width = len(list(run))
            if not shade:
                path.append(f"M{x} {y}h{width}v1h-{width}z")
            x += width
    return Matrix(text, "".join(path), len(rows))


def sscc(prefix: str, serial: int) -> str:
    """The serial shipping container code of a GS1 company prefix: extension digit, prefix, serial and check digit.

    The serial fills what the prefix leaves of the 16 digits after the extension, which takes what does not fit; after
    `sscc_capacity` numbers it begins again.
    """
    digits = 16 - len(prefix)
    extension, rest = divmod(serial, 10**digits)
    body = f"{extension % 10}{prefix}{rest:0{digits}d}"
    return body + check_digit(body)


def sscc_capacity(prefix: str) -> int:
    """How many different SSCCs a prefix has, with the extension digit."""
    return int(10 ** (17 - len(prefix)))


def check_digit(body: str) -> str:
    """The GS1 check digit: digits from the right weighed 3, 1, 3 …, up to the next ten."""
    total = sum(
        int(digit) * (3 if index % 2 == 0 else 1) for index, digit in enumerate(reversed(body))
    )
    return str(-total % 10)


def read_sscc(scanned: str) -> str | None:
    """The SSCC in what a scanner read, with or without its application identifier; None where it is none."""
    digits = (
        scanned.removeprefix("]C1")
        .strip("()")
        .replace("(00)", "00")
        .replace(")", "")
        .replace(" ", "")
    )
    if len(digits) == 20 and digits.startswith("00"):
        digits = digits[2:]
    return (
        digits
        if len(digits) == 18 and digits.isdigit() and check_digit(digits[:-1]) == digits[-1]
        else None
    )
