"""Papers of records: which there are, and drawing them, one or many, as one PDF in the right order."""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.utils.translation import gettext as _
from pypdf import PdfWriter

from oms.background import jobs
from oms.core import extents, limits, policy, stored_files
from oms.core.actors import SYSTEM
from oms.core.errors import Refused
from oms.core.models import Job, StoredDocument, User
from oms.core.wording import Words
from oms.printing import rendering
from oms.printing.rendering import Drawn

Page = dict[str, Any]
Asset = dict[str, bytes]


@dataclass(frozen=True)
class Paper:
    """A paper of a kind of record.

    Either `pages` gives what stands on its pages, and those of many records are drawn at once by `template`; or `draw`
    gives its PDF (a letter that counts its own pages, a frozen document), and many are put together. Both raise
    Refused where a record has none. `needs`: a right without which it isn't offered, such as see_money; `available`:
    whether a record has it now; `order`: by which a selection is drawn; `is_plain`: see `rendering.draw`. `sizes`: of
    text, from the largest, on a page that must not overflow: the template takes its `size` and marks what belongs on
    one page by the ids `begin-N` and `end-N`, N counting from 1; without the first, it begins after the page before.
    """

    name: str
    model: type[Model]
    title: Words
    template: str = ""
    pages: Callable[[Any], list[Page]] | None = None
    draw: Callable[[Any], bytes] | None = None
    needs: str = ""
    is_plain: bool = False
    available: Callable[[Any], bool] = lambda record: True
    order: tuple[str, ...] = ("pk",)
    sizes: tuple[str, ...] = ()


_papers: dict[type[Model], dict[str, Paper]] = {}


def register(name: str, model: type[Model], title: Words, **options: Any) -> Paper:
    """Offer a paper of a kind of record, on its page and for a selection."""
    paper = Paper(name, model, title, **options)
    known = _papers.setdefault(model, {})
    assert name not in known, f"{model.__name__} has a paper {name} already"
    known[name] = paper
    return paper


def of(model: type[Model], user: User) -> list[Paper]:
    """The papers of a kind of record that a person may print."""
    return [
        paper
        for paper in _papers.get(model, {}).values()
        if not paper.needs or policy.may(user, paper.needs)
    ]


def all_of(model: type[Model]) -> list[Paper]:
    """The papers of a kind of record."""
    return list(_papers.get(model, {}).values())


def get(model: type[Model], name: str) -> Paper:
    return _papers[model][name]


def print_one(paper: Paper, record: Any) -> bytes:
    """A paper of one record. Raises Refused where it has none yet."""
    if paper.draw is not None:
        return paper.draw(record)
    assert paper.pages is not None
    return _draw(paper, paper.pages(record))


def _draw(paper: Paper, pages: Sequence[Page]) -> bytes:
    """Pages by their template, each with its text as large as fits. Raises Refused where one has too much of it."""
    sized = [{**page, "size": paper.sizes[0]} for page in pages] if paper.sizes else list(pages)
    drawn = _rendered(paper, sized)
    overflowing = _overflowing(drawn, sized)
    if not overflowing:
        return drawn.content
    for place in overflowing:
        sized[place] = _shrunk(paper, sized[place])
    return _rendered(paper, sized).content


def _shrunk(paper: Paper, page: Page) -> Page:
    """A page with the largest text that fits. Raises Refused where none does."""
    for size in paper.sizes[1:]:
        smaller = {**page, "size": size}
        if not _overflowing(_rendered(paper, [smaller]), [smaller]):
            return smaller
    raise Refused(
        _(
            "The text doesn't fit on “%(paper)s”, not even in the smallest print. Shorten the names or the "
            "address on it."
        )
        % {"paper": paper.title},
        code="too_long",
    )


def _overflowing(drawn: Drawn, pages: Sequence[Page]) -> list[int]:
    """The places of pages whose end isn't on the page of their beginning; none of a template without these ids."""
    found, begin = [], 0
    for place in range(len(pages)):
        begin = drawn.pages.get(f"begin-{place + 1}", begin)
        end = drawn.pages.get(f"end-{place + 1}", begin)
        if begin != end:
            found.append(place)
        begin = end + 1
    return found


def _rendered(paper: Paper, pages: Sequence[Page]) -> Drawn:
    """Pages by their template; the logos on them come from the pages, never from an address."""
    assets = {
        page["letterhead"].logo_name: page["letterhead"].logo
        for page in pages
        if page.get("letterhead") and page["letterhead"].logo
    }
    return rendering.draw(paper.template, {"pages": pages}, assets=assets, is_plain=paper.is_plain)


def submit(paper: Paper, keys: Sequence[int], *, title: str, by: User) -> Job:
    """Have a worker draw a paper of records, in this order, as one PDF."""
    return jobs.submit(
        "print",
        title,
        len(keys),
        by=by,
        paper=paper.name,
        model=paper.model._meta.label,
        keys=list(keys),
    )


@dataclass(frozen=True)
class Sheet:
    """What is to be drawn of a record: its pages, or its PDF."""

    record: Any
    pages: list[Page] = field(default_factory=list)
    content: bytes = b""


@jobs.runs("print", lambda job: extents.seen_by(job.by, apps.get_model(job.details["model"])))
def print_many(job: Job) -> StoredDocument | None:
    """Draw what a job asks for, with a result for each record; the file is kept under the job."""
    paper = get(apps.get_model(job.details["model"]), job.details["paper"])
    rows = policy.scope(paper.model, job.by or SYSTEM)
    jobs.start_over(job)
    failed: dict[Any, str] = {}
    records = jobs.selected(job, rows)
    sheets = list(_prepared(paper, records, failed))
    stored = None
    if content := _drawn(paper, sheets, failed):
        stored = stored_files.keep(
            paper.name, subject_type="job", subject_number=str(job.pk), content=content
        )
    for record in records:
        jobs.record(job, str(record), key=str(record.pk), error=failed.get(record, ""))
    jobs.finish(job)
    return stored


def _prepared(paper: Paper, records: Iterable[Any], failed: dict[Any, str]) -> Iterator[Sheet]:
    """The sheets of records; why there is none of one is noted."""
    for record in records:
        try:
            if paper.draw is not None:
                yield Sheet(record, content=paper.draw(record))
            elif paper.pages is not None:
                yield Sheet(record, pages=paper.pages(record))
        except Exception as error:
            failed[record] = limits.told(error)


def _drawn(paper: Paper, sheets: Sequence[Sheet], failed: dict[Any, str]) -> bytes:
    """All sheets that can be drawn as one PDF; why another one can't is noted."""
    if paper.draw is not None:
        return _together([sheet.content for sheet in sheets]) if sheets else b""
    try:
        return _draw(paper, [page for sheet in sheets for page in sheet.pages]) if sheets else b""
    except rendering.RendererMissing:
        raise
    except Exception as error:
        if len(sheets) == 1:
            failed[sheets[0].record] = limits.told(error)
            return b""
        middle = len(sheets) // 2
        for half in (sheets[:middle], sheets[middle:]):
            _drawn(paper, half, failed)
        left = [sheet for sheet in sheets if sheet.record not in failed]
        if len(left) == len(sheets):  # each half can be drawn, but not both: no record's fault
            raise
    return _drawn(paper, left, failed)


def _together(files: Sequence[bytes]) -> bytes:
    """PDFs one after the other."""
    writer, target = PdfWriter(), io.BytesIO()
    for content in files:
        writer.append(io.BytesIO(content))
    writer.write(target)
    return target.getvalue()
