"""Barcodes as one vector path each, and the GS1 numbers that they carry."""

from dataclasses import dataclass

from barcode import Code128
from barcode.codex import Gs1_128

MODULE_MM = 0.5  # four dots at 203 dpi
# Without a prefix of our own: numbers of restricted circulation, for use within a company (GS1 General Specifications).
IN_HOUSE_PREFIX = "0400000"


@dataclass(frozen=True)
class Bars:
    """A barcode as one vector path: its text, its path data, and its width in modules."""

    text: str
    path: str
    modules: int
    module_mm: float = MODULE_MM

    @property
    def width_mm(self) -> float:
        return round(self.modules * self.module_mm, 3)


def bars(text: str, *, module_mm: float = MODULE_MM) -> Bars:
    """Code 128 (ISO/IEC 15417) of a text; each run of dark modules is a rectangle of the path, one unit high."""
    return _path(text, Code128(text).build()[0], module_mm)


def sscc_bars(sscc: str) -> Bars:
    """An SSCC-18 as GS1-128: FNC1, the application identifier 00, and the number."""
    return _path(f"(00) {sscc}", Gs1_128(f"00{sscc}").build()[0], MODULE_MM)


def _path(text: str, pattern: str, module_mm: float) -> Bars:
    path, start = [], None
    for position, module in enumerate(f"{pattern}0"):
        if module == "1" and start is None:
            start = position
        elif module == "0" and start is not None:
            path.append(f"M{start} 0h{position - start}v1h{start - position}z")
            start = None
    return Bars(text, "".join(path), len(pattern), module_mm)


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
