"""Where words and bars are on a page, and which of them cover each other."""

import re
import subprocess
from itertools import combinations
from typing import NamedTuple
from xml.etree import ElementTree

import zxingcpp

from tests.papers.pictures import DPI, pictures

HALF_LEADING = (
    0.22  # of a word's height: what a font's box has above its capitals and below its baseline
)
SLACK = 0.6  # pt


class Box(NamedTuple):
    """A rectangle on a page, in points from its upper left, and what is in it."""

    left: float
    top: float
    right: float
    bottom: float
    text: str

    def covers(self, other):
        return (
            min(self.right, other.right) - max(self.left, other.left) > SLACK
            and min(self.bottom, other.bottom) - max(self.top, other.top) > SLACK
        )


def pages(pdf):
    """The size and the words of each page, as poppler finds them; its head, which may be no XML, left out."""
    told = subprocess.run(
        ["pdftotext", "-bbox", "-", "-"], input=pdf, check=True, capture_output=True
    ).stdout
    told = re.sub(rb"<head>.*?</head>", b"", told, flags=re.DOTALL)
    for page in ElementTree.fromstring(told).iter("{http://www.w3.org/1999/xhtml}page"):
        yield (
            Box(0, 0, float(page.get("width")), float(page.get("height")), "page"),
            [_word(word) for word in page],
        )


def _word(word):
    left, top, right, bottom = (float(word.get(name)) for name in ("xMin", "yMin", "xMax", "yMax"))
    inner = (bottom - top) * HALF_LEADING
    return Box(left, top + inner, right, bottom - inner, word.text or "")


def bars(picture):
    """The codes on a picture of a page as boxes."""
    for code in zxingcpp.read_barcodes(picture):
        at = code.position
        corners = (at.top_left, at.top_right, at.bottom_left, at.bottom_right)
        x, y = ([getattr(corner, name) * 72 / DPI for corner in corners] for name in "xy")
        yield Box(min(x), min(y), max(x), max(y), code.text)


def faults(pdf):
    """What covers something else, and what runs off its page."""
    found = []
    for number, ((sheet, words), picture) in enumerate(
        zip(pages(pdf), pictures(pdf), strict=True), 1
    ):
        things = [*words, *bars(picture)]
        found += [
            f"page {number}: {one.text[:20]!r} and {other.text[:20]!r} cover each other"
            for one, other in combinations(things, 2)
            if one.covers(other)
        ]
        found += [
            f"page {number}: {thing.text[:20]!r} runs off the page"
            for thing in things
            if thing.left < 0
            or thing.top < 0
            or thing.right > sheet.right
            or thing.bottom > sheet.bottom
        ]
    return found
