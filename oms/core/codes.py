"""Code lists that are closed at every door: countries, currencies, languages and units, and how people write them."""

import csv
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from oms.core.errors import Refused


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COUNTRIES = _words("""
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY
    BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK
    FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR
    IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK
    ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM
    PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF
    TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
""")  # ISO 3166-1 alpha-2
CURRENCIES = _words("""
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE
    CHF CHW CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ
    GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD
    LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK
    PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT
    TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
""")  # ISO 4217, without metals, test codes, and those with four decimal places (CLF, UYW)
LANGUAGES = _words("""
    aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el
    en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it
    iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt
    my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl
    sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo
    za zh zu
""")  # ISO 639-1
ENDPOINT_SCHEMES = _words("""
    0002 0007 0009 0037 0060 0088 0096 0097 0106 0130 0135 0142 0147 0151 0154 0158 0170 0177 0183 0184 0188 0190
    0191 0192 0193 0194 0195 0196 0198 0199 0200 0201 0202 0203 0204 0205 0208 0209 0210 0211 0212 0213 0215 0216
    0217 0218 0219 0220 0221 0225 0230 0235 0240 0242 0244 0245 0246 0248 9910 9913 9914 9915 9918 9919 9920 9922
    9923 9924 9925 9926 9927 9928 9929 9930 9931 9932 9933 9934 9935 9936 9937 9938 9939 9940 9941 9942 9943 9944
    9945 9946 9947 9948 9949 9950 9951 9952 9953 9957 9959
""")  # EAS, as EN 16931 lists it since April 2026, without the letters, by which Peppol doesn't deliver
COUNTRY_SPELLINGS = {
    "UK": "GB",
    "EL": "GR",
    "USA": "US",
    "UNITED KINGDOM": "GB",
    "GREAT BRITAIN": "GB",
    "UNITED STATES": "US",
    "GERMANY": "DE",
    "DEUTSCHLAND": "DE",
    "FRANCE": "FR",
    "SPAIN": "ES",
    "ITALY": "IT",
    "NETHERLANDS": "NL",
    "IRELAND": "IE",
    "GREECE": "GR",
    "AUSTRIA": "AT",
    "ÖSTERREICH": "AT",
    "SWITZERLAND": "CH",
    "SCHWEIZ": "CH",
}
CURRENCY_SPELLINGS = {"€": "EUR", "EURO": "EUR", "£": "GBP", "US$": "USD", "YEN": "JPY"}
UNIT_SPELLINGS = {
    "PIECE": "H87",
    "PIECES": "H87",
    "PC": "H87",
    "PCE": "H87",
    "PCS": "H87",
    "STK": "H87",
    "STÜCK": "H87",
    "EACH": "EA",
    "UNIT": "C62",
    "ONE": "C62",
    "KG": "KGM",
    "KILOGRAM": "KGM",
    "G": "GRM",
    "GRAM": "GRM",
    "M": "MTR",
    "METER": "MTR",
    "METRE": "MTR",
    "CM": "CMT",
    "MM": "MMT",
    "M2": "MTK",
    "M²": "MTK",
    "M3": "MTQ",
    "M³": "MTQ",
    "L": "LTR",
    "LITER": "LTR",
    "LITRE": "LTR",
    "ML": "MLT",
    "PAIR": "PR",
    "PAIRS": "PR",
    "SETS": "SET",
    "DOZEN": "DZN",
    "BOX": "XBX",
    "CARTON": "XCT",
    "CASE": "XCS",
    "PACK": "XPK",
    "PACKAGE": "XPK",
    "PALLET": "XPX",
    "BAG": "XBG",
    "BOTTLE": "XBO",
    "CAN": "XCA",
    "ROLL": "XRO",
    "HOUR": "HUR",
    "DAY": "DAY",
}
_TAG = re.compile(r"^([a-z]{2})(?:-([a-z]{4}))?(?:-([a-z]{2}))?$")
_UNITS = Path(__file__).parent / "data" / "units.csv"


def country(written: str) -> str:
    """The ISO 3166-1 alpha-2 code of a country as people write it. Raises ValidationError for anything else.

    Greece's EL is right in a VAT number only; as a country it is GR.
    """
    return _find(
        written,
        COUNTRIES,
        COUNTRY_SPELLINGS,
        _(
            "“%(written)s” isn't an ISO 3166-1 country code. Enter two letters, for example GB or DE."
        ),
    )


def currency(written: str) -> str:
    """The ISO 4217 code of a currency as people write it. Raises ValidationError for anything else."""
    return _find(
        written,
        CURRENCIES,
        CURRENCY_SPELLINGS,
        _(
            "“%(written)s” isn't an ISO 4217 currency code that amounts can be kept in. Enter "
            "three letters, for example EUR or GBP."
        ),
    )


def language(written: str) -> str:
    """The BCP 47 tag of a language: its code, a script and a country, the latter two only if needed."""
    found = _TAG.match(written.strip().replace("_", "-").lower())
    code, script, place = found.groups() if found else ("", None, None)
    if code not in LANGUAGES or (place and place.upper() not in COUNTRIES):
        raise ValidationError(
            _("“%(written)s” isn't a BCP 47 language tag. Enter one like de or en-GB."),
            code="unknown_code",
            params={"written": written},
        )
    return "-".join(filter(None, [code, script and script.title(), place and place.upper()]))


def unit(written: str) -> str:
    """The code of a unit by UN/ECE Recommendation 20 or 21. Raises ValidationError for anything else."""
    return _find(
        written,
        units().keys(),
        UNIT_SPELLINGS,
        _(
            "“%(written)s” isn't a unit code of UN/ECE Recommendation 20 or 21. Enter one like "
            "H87 (piece), KGM (kilogram) or XBX (box)."
        ),
    )


@cache
def units() -> dict[str, str]:
    """The names of units by their codes."""
    with _UNITS.open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["name"] for row in csv.DictReader(file)}


def _find(written: str, codes: Iterable[str], spellings: Mapping[str, str], refusal: str) -> str:
    text = " ".join(written.upper().split())
    if text in codes:
        return text
    if text in spellings:
        return spellings[text]
    raise ValidationError(refusal, code="unknown_code", params={"written": written})


def require(read: Any, written: str, field: str) -> str:
    """The code as it is written rightly, of what may be empty. Raises Refused, naming the field, for an unknown one."""
    try:
        return str(read(written)) if written else ""
    except ValidationError as error:
        raise Refused(error.messages[0], code="unknown_code", field=field) from None
