"""The characters of the fonts on this machine: what papers can show."""

import re
import shutil
import subprocess
from bisect import bisect
from functools import cache, lru_cache

from django.utils.translation import gettext as _

UNSEEN = re.compile(
    "[\\s\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]"
)


def missing(text: str) -> str:
    """The characters of a text that no font has, each once; none where there is nothing to print with."""
    if text.isascii():
        return ""
    return "".join(
        sorted(
            character
            for character in set(text)
            if not (character.isascii() or UNSEEN.match(character) or _is_covered(character))
        )
    )


def told(characters: str) -> str:
    """What a person can do about characters that no font has."""
    named = ", ".join(f"{character} (U+{ord(character):04X})" for character in characters)
    return _(
        "No font on this machine has %(characters)s. Write it in other letters, or have a font for it installed: "
        "Debian and Ubuntu have fonts-noto-cjk for Chinese, Japanese and Korean, and fonts-symbola for emoji."
    ) % {"characters": named}


@lru_cache(maxsize=4096)
def _is_covered(character: str) -> bool:
    starts, ends = _ranges()
    place = bisect(starts, ord(character)) - 1
    return not starts or (place >= 0 and ord(character) <= ends[place])


@cache
def _ranges() -> tuple[list[int], list[int]]:
    """First and last of the runs of characters that the machine's fonts have together, by Fontconfig's list."""
    lister = shutil.which("fc-list")
    if lister is None:
        return [], []
    listed = subprocess.run(
        [lister, "--format", "%{charset}\n"], capture_output=True, text=True, check=False
    ).stdout
    starts: list[int] = []
    ends: list[int] = []
    for start, end in sorted(_run(word) for word in set(listed.split())):
        if starts and start <= ends[-1] + 1:
            ends[-1] = max(ends[-1], end)
        else:
            starts.append(start)
            ends.append(end)
    return starts, ends


def _run(word: str) -> tuple[int, int]:
    """A run as Fontconfig writes it: hexadecimal, "20-7e" or "192"."""
    first, _dash, last = word.partition("-")
    return int(first, 16), int(last or first, 16)
