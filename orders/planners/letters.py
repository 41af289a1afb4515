"""Telling what is not an order line in a pasted letter: greetings, headings, telephone numbers, signatures."""

import re

OPENINGS = tuple(
    """
    hi|hello|hey|dear|good morning|good afternoon|good evening|good day|to whom|hallo|guten tag|guten morgen
    sehr geehrte|liebe|moin|bonjour|please send|please supply|please find|please deliver|could you|can you
    we would like|we'd like
    i would like|i'd like|we need the|bitte senden|bitte liefern|wir bestellen|wir benötigen|hiermit|order:|our order
    new order|from:|to:|cc:|sent:|date:|subject:|von:|an:|betreff:|gesendet:|datum:
""".strip()
    .replace("\n    ", "|")
    .split("|")
)
CLOSINGS = tuple(
    """
    thanks|thank you|many thanks|cheers|regards|best regards|kind regards|best wishes|best,|sincerely|yours|warm regards
    sent from my|--|danke|vielen dank|mit freundlichen|freundliche|viele grüße|beste grüße|schöne grüße|mfg|gruß|merci
    cordialement|bien à vous
""".strip()
    .replace("\n    ", "|")
    .split("|")
)
CONTACT = re.compile(
    r"\S+@\S+\.\w+|https?://|www\.|\b(tel|phone|telephone|mobile|mob|cell|fax|telefon|mobil|vat|ust)\b[\s.:-]*[\w+(]",
    re.IGNORECASE,
)
TELEPHONE = re.compile(r"\+\d[\d\s()/.-]{7,}|\(?0\d{1,4}\)?[\s/.-]\d[\d\s/.-]{4,}\d")
DATE = re.compile(r"(\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d{2}-\d{2})")
_HEADINGS = """
    code sku item items article product description name qty quantity price unit units no nr pos line total amount
    artikel artikelnummer bezeichnung menge preis number ref reference uom ean barcode stockcode unitprice #
"""
HEADINGS = frozenset(_HEADINGS.split())


def is_closing(text: str) -> bool:
    """Whether a letter ends with this line: what follows without an item is a signature."""
    return _begins(text, CLOSINGS)


def is_no_line(text: str) -> bool:
    """Whether a line that names no item is part of the letter around the order."""
    bare = text.strip()
    words = re.findall(r"[^\W_]+|#", bare.lower())
    return (
        _begins(bare, OPENINGS)
        or _begins(bare, CLOSINGS)
        or bool(CONTACT.search(bare))
        or bool(TELEPHONE.fullmatch(bare.strip(" .,;:")))
        or bool(DATE.fullmatch(bare))
        or not words
        or set(words) <= HEADINGS
        or (bare.endswith(":") and not any(char.isdigit() for char in bare))
    )


def _begins(text: str, beginnings: tuple[str, ...]) -> bool:
    lowered = text.strip().lower()
    return any(
        lowered.startswith(each) and not lowered[len(each) : len(each) + 1].isalnum()
        for each in beginnings
    )
