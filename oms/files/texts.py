"""Rows of CSV files: their encoding and separator are recognized, and told so that somebody can correct them."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from typing import IO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oms.core.errors import Refused

ENCODINGS = {
    "utf-8": "UTF-8",
    "cp1252": gettext_lazy("Western European (Windows-1252)"),
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
    "cp1250": gettext_lazy("Central European (Windows-1250)"),
    "mac-roman": "Mac Roman",
}
DELIMITERS = {
    ",": gettext_lazy("comma"),
    ";": gettext_lazy("semicolon"),
    "\t": gettext_lazy("tab"),
    "|": "|",
}
CHUNK = 2**20
SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)  # Excel's own first line
QUOTED = re.compile(r'"[^"]*"')


def encoding_of(file: IO[bytes]) -> str:
    """The encoding of a file: by its mark, else UTF-8 where all of it is, else the usual one of Windows."""
    head = file.read(4096)
    file.seek(0)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if len(head) > 1 and head.count(0) >= len(head) // 4:
        return "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"
    return "utf-8" if _is_utf8(file) else "cp1252"


def _is_utf8(file: IO[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := file.read(CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        file.seek(0)
    return True


def delimiter_of(file: IO[bytes], encoding: str) -> str:
    """What separates the cells of a file's first line."""
    text = _text(file, encoding)
    try:
        first = text.readline(CHUNK)
    except UnicodeError:
        first = ""
    finally:
        text.detach()
        file.seek(0)
    named = SEPARATOR_LINE.fullmatch(first)
    return named[1] if named else max(DELIMITERS, key=QUOTED.sub("", first).count)


def _text(file: IO[bytes], encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(
        file, encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline=""
    )


def rows(
    file: IO[bytes], name: str, encoding: str, delimiter: str
) -> Iterator[tuple[int, list[str]]]:
    """The rows of a file with their numbers. Raises Refused, naming the row, where it can't be read so."""
    text = _text(file, encoding)
    number = 0
    try:
        first = text.readline(CHUNK)
        has_separator_line = SEPARATOR_LINE.fullmatch(first) is not None
        file.seek(0)
        text.seek(0)
        for number, row in enumerate(csv.reader(text, delimiter=delimiter, strict=True), 1):
            if number > 1 or not has_separator_line:
                yield number, [cell.removeprefix("\ufeff") for cell in row] if number == 1 else row
    except UnicodeError as error:
        raise Refused(
            _(
                "%(name)s isn't encoded as %(encoding)s (after row %(row)s). Choose another encoding, or save "
                "it as “CSV UTF-8”."
            )
            % {"name": name, "encoding": ENCODINGS.get(encoding, encoding), "row": number},
            code="other_encoding",
        ) from error
    except csv.Error as error:
        raise Refused(
            _(
                "%(name)s can't be read after row %(row)s: %(error)s. Check the quotation marks there."
            )
            % {"name": name, "row": number, "error": error},
            code="unreadable",
        ) from error
    finally:
        text.detach()
