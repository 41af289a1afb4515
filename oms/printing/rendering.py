"""Rendering documents as PDF."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from xml.etree import ElementTree

from django.template.loader import render_to_string

from oms.core import fonts
from oms.core.errors import ConnectorError, Refused

MISSING_SYSTEM_LIBRARY = (
    "PDF rendering requires Pango, which isn't installed. On Debian or Ubuntu, run: apt-get install "
    "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0. On macOS, run: brew install pango."
)


class RendererMissing(ConnectorError):
    """The PDF engine's system libraries are not installed."""

    code = "renderer_missing"


@cache
def _engine() -> Any:
    try:
        import weasyprint  # takes over a second, and fails where Pango is missing
    except OSError as error:
        raise RendererMissing(MISSING_SYSTEM_LIBRARY, permanent=False) from error
    return weasyprint


def can_render() -> bool:
    """Whether this machine has what PDFs need."""
    try:
        _engine()
    except RendererMissing:
        return False
    return True


def _fetcher(assets: Mapping[str, bytes]) -> Any:
    """Documents are whole in themselves: nothing in a name or a note can make the engine read anything but these."""
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class Assets(URLFetcher):
        def __init__(self) -> None:  # without the openers of the network that its own makes
            self._fail_on_errors = False

        def fetch(self, url: str, headers: Any = None) -> Any:
            if url not in assets:
                raise ValueError(f"Documents may not fetch anything, but one asked for {url[:60]}.")
            return URLFetcherResponse(url, assets[url])

    return Assets()


@dataclass(frozen=True)
class Drawn:
    """A PDF, the page (from 0) on which each element with an id begins, and the characters that no font has."""

    content: bytes
    pages: Mapping[str, int] = field(default_factory=dict)


def render(
    name: str,
    context: dict[str, Any],
    *,
    assets: Mapping[str, bytes] | None = None,
    archive: bool = False,
    is_plain: bool = False,
) -> bytes:
    """A PDF from templates/documents/<name>.html; see `draw`."""
    return draw(name, context, assets=assets, archive=archive, is_plain=is_plain).content


def draw(
    name: str,
    context: dict[str, Any],
    *,
    assets: Mapping[str, bytes] | None = None,
    archive: bool = False,
    is_plain: bool = False,
) -> Drawn:
    """A PDF from templates/documents/<name>.html, which may show the `assets` by their addresses.

    `archive`: as PDF/A-3, to be kept for good. `is_plain`: the template is XML too and styles all that it uses, so
    that the engine needs neither its own parser nor its own style sheet of HTML, most of what a small page costs.
    Raises RendererMissing without the system libraries, and Refused for characters that no font has: boxes in place of
    a name or an address help nobody.
    """
    html = render_to_string(f"documents/{name}.html", context)
    engine = _engine()
    page = _plain_html() if is_plain else engine.HTML
    options = {"pdf_variant": "pdf/a-3b" if archive else None}
    with _without_collector():
        laid = page(string=html, url_fetcher=_fetcher(assets or {})).render(
            font_config=_fonts(), **options
        )
        pdf: bytes = laid.write_pdf(**options)
    missing = {
        chr(code)
        for font in laid.fonts.values()
        for code in font.missing
        if chr(code).isprintable()
    }
    if missing:
        raise Refused(fonts.told("".join(sorted(missing))), code="no_font")
    return Drawn(pdf, _first_pages(laid.pages))


def _first_pages(sheets: Sequence[Any]) -> dict[str, int]:
    """The first page of each element with an id; one that is broken is on several."""
    found: dict[str, int] = {}
    for number, sheet in enumerate(sheets):
        for anchor in sheet.anchors:
            found.setdefault(anchor, number)
    return found


@contextmanager
def _without_collector() -> Iterator[None]:
    """Rendering makes boxes by the hundred thousand that all live until its end: looking for garbage finds none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@cache
def _plain_html() -> Any:
    """The engine's HTML without its own style sheet, and read by the XML parser where it is XML."""
    from cssselect2 import ElementWrapper

    class PlainHTML(_engine().HTML):  # type: ignore[misc]
        def __init__(self, string: str, url_fetcher: Any) -> None:
            try:
                root = ElementTree.fromstring(string)  # noqa: S314  # our template, its values escaped
            except (
                ElementTree.ParseError
            ):  # a template of one's own, or a character that XML does not know
                super().__init__(string=string, url_fetcher=url_fetcher)
                return
            self.base_url, self.url_fetcher, self.media_type = None, url_fetcher, "print"
            self.wrapper_element = ElementWrapper.from_html_root(root, content_language=None)
            self.etree_element = self.wrapper_element.etree_element

        def _ua_stylesheets(self, forms: bool = False) -> list[Any]:
            return []

    return PlainHTML


@cache
def _fonts() -> Any:
    """The fonts of this machine, read once for a process."""
    from weasyprint.text.fonts import FontConfiguration

    return FontConfiguration()
