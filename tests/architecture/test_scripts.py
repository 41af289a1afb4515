"""The scripts: their texts can be translated, and their addresses come from the server."""

import json
import re
import shutil
import subprocess
from collections import namedtuple
from pathlib import Path

import pytest
from django.core.management.commands.makemessages import Command as makemessages
from django.urls import reverse
from django.utils import translation

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((ROOT / "oms" / "web" / "static" / "oms").rglob("*.js"))
TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/                                          # a comment
    |(?:(?<=[(!])|(?<=[=?:,&|]\ ))/(?:\\.|\[(?:\\.|[^]\\])*]|[^/\\\n[])+/  # a regular expression
    |"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[`{}]                      # a string, or a part of a template""",
    re.S | re.X,
)
TEMPLATE = re.compile(r"(?:\\.|(?!\$\{)[^`\\])*(`|\$\{)", re.S)
OUR_ADDRESSES = ("/admin", "/api", "/stations", "/jsi18n", "/static")
MARKED = re.compile(r'(?:(?<![\w.$])(?:_|gettext)\(|\bngettext\(\s*(?:"(?:\\.|[^"\\])*",)?)\s*$')
PLURAL = re.compile(r'\bngettext\(\s*"(?:\\.|[^"\\])*",\s*"((?:\\.|[^"\\])*)"')
CATALOG = re.compile(r"newcatalog = (\{.*?\});$", re.M | re.S)
SELECTORS = re.compile(r"\.(?:querySelector(?:All)?|closest|matches)\(\s*$")
NOT_READ = {  # by browsers and servers alone
    *("Enter", "Escape", "Tab", "ArrowDown", "ArrowUp"),  # keys
    *("GET", "POST", "PUT"),  # methods
    *("Accept", "Content-Type", "X-CSRFToken", "Idempotency-Key"),  # headers
    *("DOMContentLoaded", "NFC", "VALUE"),  # an event, a form of Unicode, and the place of a value
    *("oms order entry {}", "oms scans {}", "oms warehouse {}"),  # what the browser stores
}
String = namedtuple("String", "text before line is_template")


def strings(code):
    """The strings of a script, and what stands before each; in templates, {} stands for a value."""
    found, templates, at = [], [], 0  # of an open template: where it began, its text, its braces
    while match := (TEMPLATE if templates and not templates[-1][2] else TOKEN).search(code, at):
        token, at = match[0], match.end()
        if templates and not templates[-1][2]:
            start, text, _braces = templates.pop()
            text += token.removesuffix(match[1])
            if match[1] == "`":
                found.append((start, text, True))
            else:
                templates.append((start, f"{text}{{}}", 1))
        elif token == "`":
            templates.append((match.start(), "", 0))
        elif token in {"{", "}"} and templates:
            start, text, braces = templates.pop()
            templates.append((start, text, braces + (1 if token == "{" else -1)))
        elif token[0] in "\"'":
            found.append((match.start(), token[1:-1], False))
    return [
        String(text, code[:start], code.count("\n", 0, start) + 1, is_template)
        for start, text, is_template in sorted(found)
    ]


def is_for_people(string):
    """Whether somebody reads it: it has words, and is neither a selector nor one of what machines read."""
    words = re.search(r"[^\W\d_]", string.text)
    written = re.search(r"\s\S|^[A-Z]|[.!?…]$", string.text)
    read_by_machines = string.text in NOT_READ or SELECTORS.search(string.before)
    return bool(words and written and not read_by_machines)


def unmarked(code):
    """The lines of texts that people read and nobody can translate."""
    return [
        string.line
        for string in strings(code)
        if is_for_people(string) and (string.is_template or not MARKED.search(string.before))
    ]


def marked(code):
    """The texts that are marked for translation."""
    return {string.text for string in strings(code) if MARKED.search(string.before)}


def in_scripts(check):
    return [
        f"{path.relative_to(ROOT)}:{line}"
        for path in SCRIPTS
        for line in check(path.read_text(encoding="utf-8"))
    ]


def test_addresses_come_from_the_server():
    assert len(SCRIPTS) >= 10
    assert (
        in_scripts(
            lambda code: [
                string.line for string in strings(code) if string.text.startswith(OUR_ADDRESSES)
            ]
        )
        == []
    )


def test_every_text_that_people_read_is_marked():
    assert in_scripts(unmarked) == []


def test_what_is_marked_is_written_there_and_then():
    """A text that a call makes up, or takes from elsewhere, is in no catalog."""
    call = re.compile(r"(?<![\w.$])(_|gettext|ngettext)\((?!\s*\")")
    wrapper = "const _ = (text, values = {}) => interpolate(gettext("

    assert (
        in_scripts(
            lambda code: [
                code.count("\n", 0, match.start()) + 1
                for match in call.finditer(code)
                if not code[: match.end()].endswith(wrapper)
            ]
        )
        == []
    )


def test_the_catalog_of_the_scripts_collects_every_text():
    if not shutil.which("xgettext"):
        pytest.skip("Texts are collected by gettext, which is not here.")
    keywords = ["gettext_noop", "gettext_lazy", "ngettext_lazy:1,2", "pgettext:1c,2"]
    collected = subprocess.run(
        [
            "xgettext",
            "--language=JavaScript",
            *(f"--keyword={keyword}" for keyword in keywords),
            *makemessages.xgettext_options,
            "--no-wrap",
            "--output=-",
            *map(str, SCRIPTS),
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    known = set(re.findall(r'^msgid(?:_plural)? "(.+)"$', collected, re.M))
    texts = {text for path in SCRIPTS for text in marked(path.read_text(encoding="utf-8"))}

    assert len(texts) > 100
    assert texts - known == set()


def test_pages_load_the_catalog(client):
    assert reverse("javascript-catalog") == "/jsi18n/"
    assert "gettext" in client.get("/jsi18n/").content.decode()


def test_every_text_is_served_in_german(client):
    with translation.override("de"):
        served = client.get(reverse("javascript-catalog")).content.decode()
    german = json.loads(CATALOG.search(served)[1])
    code = "".join(path.read_text(encoding="utf-8") for path in SCRIPTS)

    assert marked(code) - set(PLURAL.findall(code)) - set(german) == set()
    assert german["Print labels"] == "Etiketten drucken"


def test_what_is_not_marked_is_found():
    code = """
        // "A comment" is no text
        alarm("No connection.");
        alarm(_("No connection."));
        button(
          ngettext("%(count)s line", "%(count)s lines", count),
          `Line ${place ? `of ${place}` : "Nowhere"}`, /["`]/.test(text), "li", `${count} × ${sku}`,
        );
        document.querySelector("#entry button").textContent = "OK";
        fetch(`/admin/${name}/`, { method: "POST" });
    """

    assert unmarked(code) == [3, 7, 7, 7, 9]
    assert marked(code) == {"No connection.", "%(count)s line", "%(count)s lines"}
    assert [s.line for s in strings(code) if s.text.startswith(OUR_ADDRESSES)] == [10]
