"""Papers of records: which there are, and drawing them, one or many, as one PDF in the right order."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Model
from pypdf import PdfWriter

from oms.core import documents, jobs
from oms.core.models import Job, StoredDocument, User
from oms.core.wording import Words

Page = dict[str, Any]
Asset = dict[str, bytes]


@dataclass(frozen=True)
class Paper:
    """A paper of a kind of record.

    Either `pages` gives what stands on its pages, and those of many records are drawn at once by `template`; or `draw`
    gives its PDF (a letter that counts its own pages, a frozen document), and many are put together. Both raise
    Refused where a record has none. `money`: only for who may see amounts; `available`: whether a record has it now;
    `order`: by which a selection is drawn; `is_plain`: see `documents.render`.
    """

    name: str
    model: type[Model]
    title: Words
    template: str = ""
    pages: Callable[[Any], list[Page]] | None = None
    draw: Callable[[Any], bytes] | None = None
    money: bool = False
    is_plain: bool = False
    available: Callable[[Any], bool] = lambda record: True
    order: tuple[str, ...] = ("pk",)


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
    return [paper for paper in _papers.get(model, {}).values() if user.sees_money or not paper.money]


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
    """Pages by their template; the logos on them come from the pages, never from an address."""
    assets = {page["letterhead"].logo_name: page["letterhead"].logo for page in pages
              if page.get("letterhead") and page["letterhead"].logo}
    return documents.render(paper.template, {"pages": pages}, assets=assets, is_plain=paper.is_plain)


def submit(paper: Paper, keys: Sequence[int], *, title: str, by: User) -> Job:
    """Have a worker draw a paper of records, in this order, as one PDF."""
    return jobs.submit("print", title, len(keys), by=by, paper=paper.name, model=paper.model._meta.label,
                       keys=list(keys))


@jobs.runs("print")
def print_many(job: Job) -> StoredDocument | None:
    """Draw what a job asks for, with a result for each record; the file is kept under the job."""
    paper = get(apps.get_model(job.details["model"]), job.details["paper"])
    rows: Any = paper.model._default_manager.get_queryset()
    rows = rows.visible_to(job.by) if hasattr(rows, "visible_to") and job.by is not None else rows
    found = rows.in_bulk(job.details["keys"])
    pages: list[Page] = []
    files: list[bytes] = []
    jobs.start_over(job)

    def take(record: Any) -> None:
        if paper.draw is not None:
            files.append(paper.draw(record))
        elif paper.pages is not None:
            pages.extend(paper.pages(record))

    jobs.each(job, [found[key] for key in job.details["keys"] if key in found], take)
    stored = None
    if pages or files:
        content = _together(files) if files else _draw(paper, pages)
        stored = documents.keep(paper.name, subject_type="job", subject_number=str(job.pk), content=content)
    jobs.finish(job)
    return stored


def _together(files: Sequence[bytes]) -> bytes:
    """PDFs one after the other."""
    writer, target = PdfWriter(), io.BytesIO()
    for content in files:
        writer.append(io.BytesIO(content))
    writer.write(target)
    return target.getvalue()
