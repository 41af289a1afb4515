"""Every label can be translated: in a language that marks each translated text, no unmarked one is left."""

import re
from gettext import NullTranslations
from html import unescape

import pytest
from django.utils import translation
from django.utils.translation import trans_real

from tests.browser.pages import main_pages, role_pages
from tests.web.test_rights import plant

pytestmark = pytest.mark.django_db
LANGUAGE, MARK = "eo", "⟦"
LABELS = re.compile(r"<(th|label|h1|h2|h3|legend|button|summary|dt)\b[^>]*>(.*?)</\1>", re.S)
ICON = re.compile(
    r"<span[^>]*material-symbols-outlined[^>]*>[^<]*</span>|<(script|select|style)\b.*?</\1>", re.S
)
TAG = re.compile(r"<[^>]*>")
# Numbers, names of what is planted, and roles.
DATA = re.compile(
    r"[A-Z]{2,4}-?\d*|(INV|CN)-ACME-\S*|(SKU-LON|C-1)\b.*|Acme Ltd|"
    r"(?i:accountant|buyer|manager|packer|picker|rep)"
)


class Marking(NullTranslations):
    """A language in which every text is itself between brackets."""

    def gettext(self, message):
        return f"{MARK}{message}⟧"

    def ngettext(self, one, many, count):
        return self.gettext(one if count == 1 else many)

    def pgettext(self, context, message):
        return self.gettext(message)

    def to_language(self):
        return LANGUAGE


@pytest.fixture
def marking(monkeypatch):
    monkeypatch.setitem(trans_real._translations, LANGUAGE, Marking())
    with translation.override(LANGUAGE):
        yield


def labels(html):
    """The texts of headings, labels and buttons, without icons and what stands in fields."""
    for _tag, inner in LABELS.findall(ICON.sub("", html)):
        for text in TAG.split(inner):
            text = " ".join(unescape(text).split())
            if re.search(r"[^\W\d_]{2}", text) and not DATA.fullmatch(text):
                yield text


def test_every_label_of_the_main_pages_is_translated(marking, log_in):
    plant()
    pages = main_pages() + role_pages()

    found, unmarked = 0, set()
    browser = log_in("root")
    for name, _role, path in pages:
        answer = browser.get(path.partition("#")[0])
        assert answer.status_code == 200, path
        texts = list(labels(answer.content.decode()))
        found += len(texts)
        unmarked |= {(name, text) for text in texts if MARK not in text}

    assert found > 300
    assert not unmarked, sorted(unmarked)
