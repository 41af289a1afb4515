"""Which records forms and filters offer: those that a person sees, and may use for what the form is about."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import FieldListFilter
from django.db.models import Model, Q, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest

from oms.core import policy
from oms.core.models import Company


def choosable(model: type[Model], request: HttpRequest, page: type[Model]) -> QuerySet[Any]:
    """The rows of a model that a person sees, and reaches by the role with which they edit a page's records."""
    user: Any = request.user
    right = "add" if policy.may(user, "add", page) else "change"
    return policy.choosable(model, user, right, page)


class ScopedChoices:
    """A page or an inline whose fields offer what the person may choose."""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        return super().formfield_for_foreignkey(  # type: ignore[misc]
            db_field, request, **self._offered(db_field, request, options)
        )

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        return super().formfield_for_manytomany(  # type: ignore[misc]
            db_field, request, **self._offered(db_field, request, options)
        )

    def _offered(
        self, db_field: Any, request: HttpRequest, options: dict[str, Any]
    ) -> dict[str, Any]:
        page: Any = self
        rows = choosable(db_field.remote_field.model, request, page.model)
        return {"queryset": rows, **options}


def keep_chosen(form: Any, record: Any, user: Any) -> None:
    """Offer what a record has, too, though the person doesn't see it: saving must not take it away."""
    known = {field.name: field for field in record._meta.get_fields() if field.concrete}
    for name, field in form.base_fields.items():
        link = known.get(name)
        if not isinstance(field, ModelChoiceField) or link is None or not link.is_relation:
            continue
        if not policy.sees_all(user, link.related_model):
            chosen = _chosen(record, link)
            offered: Any = field.queryset
            either = Q(pk__in=offered.values("pk")) | Q(pk__in=chosen)
            field.queryset = link.related_model._base_manager.filter(either)


def _chosen(record: Any, link: Any) -> list[Any]:
    """The keys of what a field of a record refers to."""
    if link.many_to_many:
        return list(getattr(record, link.name).values_list("pk", flat=True))
    return [key for key in (getattr(record, link.attname),) if key is not None]


def own_company(model: type[Model], request: HttpRequest) -> dict[str, Any]:
    """The company that a new record is of, where the person can choose one alone; of others, every company's."""
    user: Any = request.user
    fields = {field.name: field for field in model._meta.fields}
    is_asked = "company" in fields and (
        not fields["company"].null or policy.must_name_company(user, model)
    )
    if not is_asked:
        return {}
    found = list(choosable(Company, request, model)[:2])
    return {"company": found[0].pk} if len(found) == 1 else {}


def require_company(form: Any, model: type[Model], user: Any) -> None:
    """Let whoever reaches own companies add records of these, and none of every company."""
    if "company" in form.base_fields and policy.must_name_company(user, model):
        form.base_fields["company"].required = True


class SeenRelated(admin.RelatedFieldListFilter):
    """A filter by a relation; it names what the person sees."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        seen: Any = policy.scope(field.related_model, request.user)
        return field.get_choices(
            include_blank=False,
            ordering=self.field_admin_ordering(field, request, model_admin),
            limit_choices_to={"pk__in": seen.values("pk")},
        )


FieldListFilter.register(lambda field: bool(field.remote_field), SeenRelated, take_priority=True)
