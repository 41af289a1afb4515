"""Barcodes as one vector path each, and the GS1 numbers that they carry."""

from dataclasses import dataclass
from itertools import groupby

from barcode import Code128
from barcode.codex import Gs1_128

MODULE_MM = 0.5  # four dots at 203 dpi
MM_PER_PX = 25.4 / 96  # CSS 2.2, 4.3.2
# Without a prefix of our own: numbers of restricted circulation, for use within a company (GS1 General Specifications).
IN_HOUSE_PREFIX = "0400000"


@dataclass(frozen=True)
class Bars:
    """A barcode as one dashed line: its text, the widths of bars and gaps in turn (modules), and its whole width.

    A line with dashes is the shortest vector that there is: one path, whatever the number of bars.
    """

    text: str
    widths: tuple[int, ...]

    @property
    def modules(self) -> int:
        return sum(self.widths)

    @property
    def width_mm(self) -> float:
        return self.modules * MODULE_MM

    @property
    def width_px(self) -> float:
        """In CSS pixels, which the engine reads at once; other units it searches for."""
        return self.width_mm / MM_PER_PX

    @property
    def dashes(self) -> str:
        return " ".join(map(str, self.widths))


def bars(text: str) -> Bars:
    """Code 128 (ISO/IEC 15417) of a text."""
    return _bars(text, Code128(text).build()[0])


def sscc_bars(sscc: str) -> Bars:
    """An SSCC-18 as GS1-128: FNC1, the application identifier 00, and the number."""
    return _bars(f"(00) {sscc}", Gs1_128(f"00{sscc}").build()[0])


def _bars(text: str, pattern: str) -> Bars:
    return Bars(text, tuple(len(list(run)) for _, run in groupby(pattern)))


def sscc(prefix: str, serial: int) -> str:
    """The serial shipping container code of a GS1 company prefix: extension digit, prefix, serial and check digit.

    The serial fills what the prefix leaves of the 16 digits after the extension, which takes what does not fit.
    """
    prefix = prefix or IN_HOUSE_PREFIX
    digits = 16 - len(prefix)
    extension, rest = divmod(serial, 10**digits)
    body = f"{extension % 10}{prefix}{rest:0{digits}d}"
    return body + check_digit(body)


def check_digit(body: str) -> str:
    """The GS1 check digit: digits from the right weighed 3, 1, 3 …, up to the next ten."""
    total = sum(int(digit) * (3 if index % 2 == 0 else 1) for index, digit in enumerate(reversed(body)))
    return str(-total % 10)


def read_sscc(scanned: str) -> str | None:
    """The SSCC in what a scanner read, with or without its application identifier; None where it is none."""
    digits = scanned.removeprefix("]C1").strip("()").replace("(00)", "00").replace(")", "").replace(" ", "")
    if len(digits) == 20 and digits.startswith("00"):
        digits = digits[2:]
    return digits if len(digits) == 18 and digits.isdigit() and check_digit(digits[:-1]) == digits[-1] else None
