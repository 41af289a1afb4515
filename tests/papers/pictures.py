"""Papers as pictures, and the codes that a scanner finds on them."""

import subprocess
import tempfile
from pathlib import Path

import zxingcpp
from PIL import Image

DPI = 203  # of a label printer


def pictures(pdf: bytes) -> list[Image.Image]:
    """The pages of a PDF in gray, as a label printer's dots."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["pdftoppm", "-r", str(DPI), "-gray", "-", f"{folder}/page"], input=pdf, check=True
        )
        return [Image.open(path).copy() for path in sorted(Path(folder).iterdir())]


def codes(page: Image.Image) -> list[str]:
    """The codes on a page, from the top."""
    found = zxingcpp.read_barcodes(page)
    return [code.text for code in sorted(found, key=lambda code: code.position.top_left.y)]
