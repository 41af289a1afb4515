"""How a company's papers look: its logo, color, language, and who it is at the head and the foot."""

from dataclasses import dataclass, field
from functools import cached_property

from django.conf import settings
from django.utils.translation import gettext as _

from oms.core.identifiers import by_fours
from oms.core.models import Company

FOOT_EMS = 220  # five lines of a letter's foot


@dataclass(frozen=True)
class Letterhead:
    """What the record of a company, or what a document froze of it, gives its papers."""

    name: str
    lines: list[str]
    foot: list[str] = field(default_factory=list)
    color: str = "#1f2937"
    logo_name: str = ""
    logo: bytes = b""
    terms: str = ""

    @cached_property
    def sender(self) -> str:
        return " · ".join([self.name, *self.lines])

    @cached_property
    def foot_is_long(self) -> bool:
        """Whether the foot needs more room than there is below each page; then it stands once, at the end."""
        return _ems(" · ".join([self.sender, *self.foot])) > FOOT_EMS


def _ems(text: str) -> float:
    """About how wide a text is, in widths of its font's em."""
    return sum(
        1.0
        if character > "\u02ff" or character in "WM@%"
        else 0.72
        if character.isupper()
        else 0.56
        for character in text
    )


def letterhead(company: Company, identity: dict[str, str] | None = None) -> Letterhead:
    """The letterhead of a company; of a legal document with the `identity` that is frozen on it."""
    facts = identity or company.identity()
    place = f"{facts.get('postal_code', '')} {facts.get('city', '')}".strip()
    lines = [*facts.get("street", "").splitlines(), place, facts.get("country", "")]
    return Letterhead(
        name=facts.get("name", company.name),
        lines=[line for line in lines if line],
        foot=_foot(facts),
        color=company.color,
        logo_name=f"oms:logo/{company.pk}" if company.logo else "",
        logo=_logo(company),
        terms=company.terms_and_conditions,
    )


def of_house() -> Letterhead:
    """What mails to colleagues have at their head: the company, or OMS where there are several."""
    companies = list(Company.objects.all()[:2])
    return letterhead(companies[0]) if len(companies) == 1 else Letterhead(name="OMS", lines=[])


def _foot(facts: dict[str, str]) -> list[str]:
    told = (
        ("registration", _("Company no. %(value)s")),
        ("vat_number", _("VAT number %(value)s")),
        ("iban", _("IBAN %(value)s")),
        ("bic", _("BIC %(value)s")),
        ("email", "%(value)s"),
        ("phone", "%(value)s"),
    )
    shown = facts | {"iban": by_fours(facts.get("iban", ""))}
    return [text % {"value": shown[name]} for name, text in told if facts.get(name)]


def _logo(company: Company) -> bytes:
    """The logo's bytes; none where its file is gone."""
    if not company.logo:
        return b""
    try:
        with company.logo.open("rb") as file:
            content: bytes = file.read()
            return content
    except OSError:
        return b""


def language(company: Company, own: str = "") -> str:
    """The language of a paper: the receiver's own, else the company's, else the installation's."""
    return own or company.language or settings.LANGUAGE_CODE
