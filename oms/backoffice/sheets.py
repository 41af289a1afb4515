"""Lists as spreadsheets: what is shown, or whole records that import again; and files that are taken in."""

import tempfile
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.utils import label_for_field, lookup_field
from django.core.exceptions import ObjectDoesNotExist
from django.core.files.base import File
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.test import RequestFactory
from django.urls import path, reverse
from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from oms.background import jobs
from oms.core import extents, policy, stored_files
from oms.core.errors import DomainError, Refused
from oms.core.extents import Extent
from oms.core.models import Job, User
from oms.core.money_text import Amount
from oms.files import notations, reading, results, runs, spreadsheets, texts
from oms.files.columns import Exact, Whole
from oms.files.reading import Format

MOST_BYTES = 200 * 2**20
BATCH = 2000


class SheetsAdmin:
    """A list that is exported as it is shown, and whose records come in and go out as `sheets`."""

    sheets: Sequence[runs.SheetType] = ()
    only_links: Sequence[Any] = ("prints",)  # columns of the list that say nothing in a file

    def get_urls(self) -> Any:
        page: Any = self
        name = f"{page.opts.app_label}_{page.opts.model_name}"
        wrap = page.admin_site.admin_view
        return [
            path("export/", wrap(self.export_view), name=f"{name}_export"),
            path("import/<slug:slug>/", wrap(self.upload_view), name=f"{name}_import"),
            path("import/<slug:slug>/<int:job>/", wrap(self.mapping_view), name=f"{name}_mapping"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    def importable(self, request: HttpRequest) -> list[runs.SheetType]:
        """The sheets that a person may take in."""
        user: Any = request.user
        return [sheet for sheet in self.sheets if user.is_staff and runs.may_import(sheet, user)]

    def exportable(self, request: HttpRequest) -> list[runs.SheetType]:
        """The sheets that a person may see."""
        user: Any = request.user
        return [sheet for sheet in self.sheets if sheet.is_shown(user)]

    def export_view(self, request: HttpRequest) -> HttpResponse:
        """Have a worker write the list, as it is narrowed now, into a file."""
        page: Any = self
        kind, slug = request.POST.get("format", "xlsx"), request.POST.get("sheet", "")
        allowed = {sheet.slug for sheet in self.exportable(request)} | {""}
        if (
            request.method != "POST"
            or not page.has_view_permission(request)
            or (kind not in spreadsheets.FORMATS or slug not in allowed)
        ):
            return HttpResponseRedirect(
                reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_changelist")
            )
        user: Any = request.user
        title = _("Export %(records)s") % {"records": page.opts.verbose_name_plural}
        job = jobs.submit(
            "export",
            title,
            0,
            by=user,
            page=page.opts.label,
            query=request.POST.get("query", ""),
            format=kind,
            sheet=slug,
        )
        return HttpResponseRedirect(reverse("admin:core_job_change", args=[job.pk]))

    def upload_view(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Choose a file; it is kept, and its columns are shown."""
        page: Any = self
        sheet = next((each for each in self.importable(request) if each.slug == slug), None)
        if sheet is None:
            return self._away(request, _("You don't have permission to import this."))
        error, status = "", 200
        if request.method == "POST":
            try:
                job = self._upload(request, sheet)
            except DomainError as refused:
                error, status = refused.message, 422
            else:
                return HttpResponseRedirect(self._address("mapping", slug, job.pk))
        context = {
            **page.admin_site.each_context(request),
            "title": (_("Import %(title)s") % {"title": sheet.title}),
            "opts": page.opts,
            "sheet": sheet,
            "columns": sheet.columns(),
            "keys": sheet.needed(),
            "error": error,
        }
        return TemplateResponse(request, "admin/oms/upload.html", context, status=status)

    def _upload(self, request: HttpRequest, sheet: runs.SheetType) -> Job:
        file: Any = request.FILES.get("file")
        if file is None:
            raise Refused(_("Choose a file."), code="no_file")
        if file.size > MOST_BYTES:
            raise Refused(
                _("The file is %(size)s MB. The maximum is %(most)s MB; split the file.")
                % {"size": file.size // 2**20, "most": MOST_BYTES // 2**20}
            )
        user: Any = request.user
        return runs.upload(sheet, file, file.name, by=user)

    def mapping_view(self, request: HttpRequest, slug: str, job: int) -> HttpResponse:
        """Say which column is which; then have the file checked, or taken in."""
        user: Any = request.user
        sheet = next((each for each in self.importable(request) if each.slug == slug), None)
        row = Job.objects.filter(pk=job, by=user, kind=runs.KIND).first()
        if sheet is None or row is None or row.details["sheet"] != slug:
            return self._away(request, _("File not found."))
        error, status = "", 200
        if request.method == "POST":
            try:
                answer = self._entered(request, sheet, row)
            except DomainError as refused:
                error, status = refused.message, 422
            else:
                if answer is not None:
                    return answer
        context = self._mapping_context(request, sheet, row) | {"error": error}
        return TemplateResponse(request, "admin/oms/mapping.html", context, status=status)

    def _entered(
        self, request: HttpRequest, sheet: runs.SheetType, row: Job
    ) -> HttpResponse | None:
        """Read the file in another way, or begin with it; None where its columns are only to be looked at again."""
        how = reading.chosen(runs.format_of(row), request.POST)
        if how != runs.format_of(row):
            runs.look_again(row, how)
            return HttpResponseRedirect(self._address("mapping", sheet.slug, row.pk))
        if "look" in request.POST:
            return None
        user: Any = request.user
        begun = runs.begin(
            row,
            _mapping(request, sheet, row),
            dry_run="check" in request.POST,
            by=user,
            notations={name: request.POST.get(f"notation-{name}", "") for name in sheet.columns()},
        )
        return HttpResponseRedirect(reverse("admin:core_job_change", args=[begun.pk]))

    def _mapping_context(
        self, request: HttpRequest, sheet: runs.SheetType, row: Job
    ) -> dict[str, Any]:
        """What a file holds, how it is read, and which of its columns is which."""
        page: Any = self
        heading, how = row.details["heading"], runs.format_of(row)
        mapping = _mapping(request, sheet, row)
        return {
            **page.admin_site.each_context(request),
            "title": (
                _("Import %(title)s: %(name)s")
                % {"title": sheet.title, "name": row.details["name"]}
            ),
            "opts": page.opts,
            "heading": [name for name in heading if name],
            "hidden": row.details.get("hidden", []),
            "again": self._address("import", sheet.slug),
            "format": how,
            "choices": _format_choices(how),
            "columns": _columns(row, sheet, mapping, request.POST),
            "unused": [
                name
                or _("column %(letters)s (no heading)") % {"letters": reading.letters(position)}
                for position, name in enumerate(heading)
                if name not in mapping.values()
                and name not in {*results.FAULT_COLUMNS, *results.OUTCOME_COLUMNS}
            ],
        }

    def _address(self, name: str, *arguments: Any) -> str:
        page: Any = self
        return reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_{name}", args=arguments)

    def _away(self, request: HttpRequest, message: str) -> HttpResponse:
        messages.error(request, message)
        return HttpResponseRedirect(self._address("changelist"))


def _mapping(request: HttpRequest, sheet: runs.SheetType, job: Job) -> dict[str, str]:
    """Which of a file's columns is which of the sheet's: as entered, or as known."""
    chosen = request.POST if request.method == "POST" else job.details["mapping"]
    return {
        name: chosen[name] for name in sheet.columns() if chosen.get(name) in job.details["heading"]
    }


def _format_choices(how: Format) -> list[tuple[str, str, str, list[Any]]]:
    """What can be chosen about how a file is read: name, title, the value now, and all values with their titles."""
    found: list[tuple[str, str, str, list[Any]]] = []
    if how.encoding:
        found.append(("encoding", _("Encoding"), how.encoding, list(texts.ENCODINGS.items())))
        found.append(("delimiter", _("Separator"), how.delimiter, list(texts.DELIMITERS.items())))
    if len(how.sheets) > 1:
        names = [("", _("Choose a sheet")), *((name, name) for name in how.sheets)]
        found.append(("sheet", _("Sheet"), how.sheet, names))
    return found


def _columns(
    job: Job, sheet: runs.SheetType, mapping: dict[str, str], chosen: Any
) -> list[dict[str, Any]]:
    """The columns of a sheet: what they are in the file, first values, and how these are written."""
    first, doubts = runs.sample(job), runs.doubts(job, mapping)
    heading = job.details["heading"]
    found = []
    for name in sheet.columns():
        doubt = doubts.get(name)
        values = (
            [str(row[heading.index(mapping[name])]) for row in first] if name in mapping else []
        )
        found.append(
            {
                "name": name,
                "is_needed": name in sheet.needed(),
                "chosen": mapping.get(name, ""),
                "samples": values,
                "doubt": doubt,
                "notation": chosen.get(f"notation-{name}")
                or job.details.get("notations", {}).get(name, doubt.notation if doubt else ""),
                "notations": [
                    (notation, notations.NAMES[notation], notations.shown(value))
                    for notation, value in doubt.readings.items()
                ]
                if doubt
                else [],
            }
        )
    return found


def _contents(job: Job) -> Extent:
    """The records of the list, of the chosen sheet, and those of which its columns are made."""
    page: Any = admin.site.get_model_admin(apps.get_model(job.details["page"]))
    sheets = [each.about for each in page.sheets if each.slug == job.details["sheet"]]
    return extents.seen_by(job.by, page.model, *sheets, *policy.made_for(page.model))


@jobs.runs("export", _contents)
def export(job: Job) -> None:
    """Write a list into a file, for the person who asked and as far as they may see it."""
    assert job.by is not None
    page: Any = admin.site.get_model_admin(apps.get_model(job.details["page"]))
    request = _request_of(job.by, job.details["query"])
    changelist: Any = page.get_changelist_instance(request)
    table = _table(page, request, changelist.get_queryset(request), job)
    kind = job.details["format"]
    jobs.start_over(job)
    with tempfile.TemporaryFile() as file:
        writer, count = spreadsheets.writer(file, kind, table.heading, table.title, table.kinds), 0
        for count, row in enumerate(table.rows, 1):
            writer.row(row)
            if not count % BATCH:
                jobs.progress(job, done=BATCH)
        writer.close()
        file.seek(0)
        stored_files.keep(
            "export",
            subject_type="job",
            subject_number=str(job.pk),
            content=File(file),
            suffix=kind,
        )
    Job.objects.filter(pk=job.pk).update(total=count, done=count)
    jobs.finish(job)


def _request_of(user: User, query: str) -> HttpRequest:
    """What a list asks of a request, in a worker."""
    request = RequestFactory().get("/")
    request.GET = QueryDict(query)
    request.user = user
    return request


class Table(NamedTuple):
    """What is written into a file."""

    title: str
    heading: list[str]
    rows: Iterator[list[Any]]
    kinds: Sequence[str] = ()


def _table(page: Any, request: HttpRequest, rows: Any, job: Job) -> Table:
    """A sheet, or the list as it is shown, without what is there only to be pressed."""
    sheet = next(
        (each for each in page.exportable(request) if each.slug == job.details["sheet"]), None
    )
    if sheet is not None:
        assert job.by is not None
        made = sheet(job.by)
        shown = sheet.shown_fields(job.by)
        kinds = ["price" if _is_price(each.widget) else "" for each in shown]
        found = made.exported(made.listed(rows).iterator(BATCH))
        return Table(
            _first_capital(str(sheet.title)), [each.column_name for each in shown], found, kinds
        )
    names = [name for name in page.get_list_display(request) if name not in page.only_links]
    shown = [_first_capital(str(label_for_field(name, page.model, page))) for name in names]
    heading, found = _with_currencies(
        shown, ([_shown(page, row, name) for name in names] for row in rows.iterator(BATCH))
    )
    return Table(_first_capital(str(page.opts.verbose_name_plural)), heading, found)


def _is_price(widget: Any) -> bool:
    return isinstance(widget, Exact) and not isinstance(widget, Whole) and not widget.is_percent


def _first_capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _with_currencies(
    heading: list[str], rows: Iterator[list[Any]]
) -> tuple[list[str], Iterator[list[Any]]]:
    """A list whose amounts are numbers, each with its currency, if it has one, in a column beside it."""
    first = list(islice(rows, BATCH))
    money = [
        any(isinstance(row[place], Amount) and row[place].currency for row in first)
        for place in range(len(heading))
    ]
    titles = [
        [title, _("%(column)s: currency") % {"column": title}] if is_money else [title]
        for title, is_money in zip(heading, money, strict=True)
    ]

    def cells(row: list[Any]) -> Iterator[Any]:
        for value, is_money in zip(row, money, strict=True):
            yield (
                value
                if is_money or not isinstance(value, Amount) or not value.currency
                else str(value)
            )
            if is_money:
                yield value.currency if isinstance(value, Amount) else ""

    return list(chain.from_iterable(titles)), (list(cells(row)) for row in chain(first, rows))


def _shown(page: Any, row: Any, name: Any) -> Any:
    """A cell of a list as a value: a number or a day as such, all else as it reads."""
    try:
        field, _, value = lookup_field(name, row, page)
    except ObjectDoesNotExist:
        return None
    if field is not None and field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, float):
        return round(value, 4)
    if value is None or isinstance(value, bool | int | Amount) or hasattr(value, "isoformat"):
        return value
    return value if type(value).__name__ == "Decimal" else strip_tags(str(value)).strip()
