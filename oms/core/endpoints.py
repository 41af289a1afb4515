"""E-invoicing addresses: known schemes, and the form of the numbers that the rules of Peppol check."""

import re
from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from stdnum import ean
from stdnum.au import abn
from stdnum.be import vat as belgian
from stdnum.no import orgnr as norwegian
from stdnum.se import orgnr as swedish

from oms.core import codes

# By scheme: the form of its numbers, a check of their digits, and how people know them (PEPPOL-COMMON-R040 to R050).
_NUMBERS: dict[str, tuple[str, Callable[[str], bool], object]] = {
    "0007": (r"\d{10}", swedish.is_valid, _("a Swedish organization number of 10 digits")),
    "0088": (r"\d{13}", ean.is_valid, _("a GLN of 13 digits")),
    "0151": (r"\d{11}", abn.is_valid, _("an Australian Business Number of 11 digits")),
    "0184": (r"(DK)?\d{8}", bool, _("a Danish CVR number of 8 digits")),
    "0192": (r"\d{9}", norwegian.is_valid, _("a Norwegian organization number of 9 digits")),
    "0208": (r"\d{10}", belgian.is_valid, _("a Belgian enterprise number of 10 digits")),
}


def validate(scheme: str, endpoint: str) -> None:
    """Raise ValidationError for an unknown scheme, and for a number that isn't one of its scheme.

    Receivers reject both.
    """
    if scheme and scheme not in codes.ENDPOINT_SCHEMES:
        raise ValidationError(
            {
                "endpoint_scheme": gettext(
                    "%(scheme)s isn't an EAS code. Enter one of four digits, for example 0088."
                )
                % {"scheme": scheme}
            }
        )
    form, is_valid, name = _NUMBERS.get(scheme, ("", bool, ""))
    if form and endpoint and not (re.fullmatch(form, endpoint) and is_valid(endpoint)):
        raise ValidationError(
            {
                "endpoint": gettext(
                    "%(number)s isn't %(name)s (scheme %(scheme)s). Check its digits."
                )
                % {"number": endpoint, "name": name, "scheme": scheme}
            }
        )
