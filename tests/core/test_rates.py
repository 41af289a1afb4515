import io
import zipfile
from datetime import date
from decimal import Decimal as D

import pytest

from oms.core import exchange_rates
from oms.core.errors import Refused
from oms.core.models import ExchangeRate
from tests import builders as make

XML = b"""<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
<gesmes:subject>Reference rates</gesmes:subject><Cube><Cube time="2027-01-29">
<Cube currency="USD" rate="1.1000"/><Cube currency="GBP" rate="0.8000"/></Cube>
<Cube time="2027-01-28"><Cube currency="USD" rate="1.2000"/><Cube currency="GBP" rate="0.8000"/></Cube></Cube>
</gesmes:Envelope>"""
HISTORY = b"Date,USD,GBP,CYP,\n2027-01-29,1.1000,0.8000,N/A,\n2027-01-28,1.2000,0.8000,N/A,\n"
DAILY = b"Date, USD, GBP, \n29 January 2027, 1.1000, 0.8000, \n"


def zipped(content):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("eurofxref-hist.csv", content)
    return file.getvalue()


@pytest.mark.parametrize(
    "content, days",
    [(XML, 2), (HISTORY, 2), (DAILY, 1), (zipped(HISTORY), 2)],
    ids=["xml", "history", "daily", "zip"],
)
def test_files_of_the_ecb_are_read(content, days):
    found = exchange_rates.read(content, "rates")

    assert len(found) == days
    assert found[0] == (date(2027, 1, 29), {"USD": D("1.1000"), "GBP": D("0.8000")})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a,b\n1,2\n",
        b"<html></html>",
        b"\xff\xfe",
        b"Date,USD\n2027-13-01,1\n",
        b'<!DOCTYPE x [<!ENTITY a "b">]><x/>',
    ],
)
def test_what_is_no_such_file_is_refused(content):
    with pytest.raises(Refused):
        exchange_rates.read(content, "rates")


@pytest.mark.django_db
def test_rates_are_entered_for_the_company_s_own_currency_and_once_a_day():
    company = make.company()

    for _ in range(2):
        assert exchange_rates.take(company, exchange_rates.read(XML, "rates")) == 4

    assert list(
        ExchangeRate.objects.filter(day="2027-01-29")
        .order_by("currency")
        .values_list("currency", "rate")
    ) == [("EUR", D("1.25")), ("USD", D("1.375"))]
