"""A PDF engine for tests that do not look at the page: the template's text, line by line, on one page."""

import io
import re
from html import unescape

from django.template.loader import render_to_string
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from oms.printing.rendering import Drawn

HIDDEN = re.compile(r"<(style|script|title)\b.*?</\1>", re.S)
BLOCK = re.compile(r"</?(p|div|tr|td|th|h\d|li|br|table|section|header|footer)\b[^>]*>")
TAG = re.compile(r"<[^>]*>")


def draw(name, context, *, assets=None, archive=False, is_plain=False):
    """In place of `rendering.draw`: the same template and context, no layout, fonts or barcodes."""
    html = HIDDEN.sub("", render_to_string(f"documents/{name}.html", context))
    lines = [
        " ".join(unescape(TAG.sub(" ", line)).split()) for line in BLOCK.sub("\n", html).split("\n")
    ]
    writer = PdfWriter()
    page = writer.add_blank_page(595, 842)
    page[NameObject("/Resources")] = DictionaryObject(
        {
            NameObject("/Font"): DictionaryObject(
                {
                    NameObject("/F1"): DictionaryObject(
                        {
                            NameObject("/Type"): NameObject("/Font"),
                            NameObject("/Subtype"): NameObject("/Type1"),
                            NameObject("/BaseFont"): NameObject("/Helvetica"),
                            NameObject("/Encoding"): NameObject("/WinAnsiEncoding"),
                        }
                    )
                }
            )
        }
    )
    content = DecodedStreamObject()
    shown = "\n".join(f"({_escaped(line)}) Tj T*" for line in lines if line)
    content.set_data(b"BT /F1 8 Tf 10 TL 20 820 Td\n" + shown.encode("cp1252", "replace") + b"\nET")
    page[NameObject("/Contents")] = writer._add_object(content)
    out = io.BytesIO()
    writer.write(out)
    return Drawn(out.getvalue())


def _escaped(text):
    return re.sub(r"([\\()])", r"\\\1", text)
