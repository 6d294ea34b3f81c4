"""Catalogues: every text has its Chinese, none is left over, places are kept."""

import gettext
import os
import time

import pytest

from dianheng.config import messages

PYTHON = """
from django.utils.translation import gettext as _, ngettext, pgettext
_("Sealed")
_("Meter %(no)s is sealed.") % {"no": 1}
ngettext("%(n)s row", "%(n)s rows", 2)
pgettext("person", "Name")
"""
PAGE = """{% extends "x.html" %}
    {% block content %}
        <h1>{% translate "Sealed" %}</h1> it's "quoted"
            {% blocktranslate with a=b count n=rows|length %}{{ a }} of {{ n }} box{% plural %}{{ a }} of {{ n }} boxes{% endblocktranslate %}
      {% firstof name _("Nobody") %}
{% endblock %}
"""


@pytest.fixture
def package(tmp_path):
    for app in ("common", "seals"):
        (tmp_path / app / "templates" / app).mkdir(parents=True)
        (tmp_path / app / "__init__.py").touch()
    (tmp_path / "common" / "views.py").write_text('from x import _\n_("Sealed")\n')
    (tmp_path / "seals" / "views.py").write_text(PYTHON)
    (tmp_path / "seals" / "templates" / "seals" / "page.html").write_text(PAGE)
    (tmp_path / "seals" / "tests").mkdir()
    (tmp_path / "seals" / "tests" / "test_x.py").write_text('_("Not for people")')
    messages.extract([], tmp_path)
    return tmp_path


def translate(package, app, words):
    path = messages.catalogue_path(package / app)
    lines = path.read_text().split("\n\n")
    for english, chinese in words.items():
        for number, entry in enumerate(lines):
            if f'msgid "{english}"' in entry:
                lines[number] = entry.replace('msgstr ""', f'msgstr "{chinese}"').replace(
                    'msgstr[0] ""', f'msgstr[0] "{chinese}"'
                )
    path.write_text("\n\n".join(lines))


WORDS = {
    "Meter %(no)s is sealed.": "表 %(no)s 已加封。",
    "%(n)s row": "%(n)s 行",
    "Name": "姓名",
    "%(a)s of %(n)s box": "%(a)s / %(n)s 箱",
    "Nobody": "无人",
}


def test_texts_of_python_and_templates_are_found(package):
    found = messages.texts_of(package / "seals")
    assert set(found) == {
        (None, "Sealed"),
        *((("person" if english == "Name" else None), english) for english in WORDS),
    }
    assert found[(None, "%(a)s of %(n)s box")].plural == "%(a)s of %(n)s boxes"


def test_what_common_has_is_not_repeated(package):
    assert 'msgid "Sealed"' in messages.catalogue_path(package / "common").read_text()
    assert 'msgid "Sealed"' not in messages.catalogue_path(package / "seals").read_text()


def test_missing_chinese_is_a_fault_and_full_chinese_is_none(package):
    assert len(messages.check(["seals"], package)) == len(WORDS)
    translate(package, "seals", WORDS)
    translate(package, "common", {"Sealed": "已加封"})
    assert messages.check([], package) == []


def test_a_new_extraction_keeps_the_chinese_and_drops_what_is_gone(package):
    translate(package, "seals", WORDS)
    before = messages.catalogue_path(package / "seals").read_text()
    messages.extract([], package)
    assert messages.catalogue_path(package / "seals").read_text() == before
    (package / "seals" / "views.py").write_text(PYTHON.replace("is sealed", "is closed"))
    assert messages.check(["seals"], package) == [
        "seals: not in the catalogue (run extract) – 'Meter %(no)s is closed.'",
        "seals: unused – 'Meter %(no)s is sealed.'",
    ]
    assert messages.extract(["seals"], package) == 1


@pytest.mark.parametrize(
    ("chinese", "fault"),
    [
        ("表已加封。", "other places than the English"),
        ("表 %(n)s 已加封。", "other places than the English"),
        ("表 %(no)s:已加封。", "half-width marks between Chinese"),
        ("表 %(no)s 已加封(检定)。", "half-width marks between Chinese"),
    ],
    ids=["place lost", "place renamed", "half-width colon", "half-width brackets"],
)
def test_places_and_marks_are_asked_for(package, chinese, fault):
    translate(package, "seals", WORDS | {"Meter %(no)s is sealed.": chinese})
    assert messages.check(["seals"], package) == [f"seals: {fault} – 'Meter %(no)s is sealed.'"]


def test_fuzzy_is_a_fault(package):
    translate(package, "seals", WORDS)
    path = messages.catalogue_path(package / "seals")
    path.write_text(path.read_text().replace('msgid "Nobody"', '#, fuzzy\nmsgid "Nobody"'))
    assert messages.check(["seals"], package) == ["seals: fuzzy – 'Nobody'"]


def test_one_text_has_one_translation_everywhere(package):
    (package / "assets").mkdir()
    (package / "assets" / "__init__.py").write_text('_("Nobody")')
    messages.extract([], package)
    translate(package, "seals", WORDS)
    translate(package, "assets", {"Nobody": "没有人"})
    [fault] = messages.check(["assets"], package)
    assert fault.startswith("one text, several translations – 'Nobody'")


def test_only_stale_catalogues_are_compiled(package):
    translate(package, "seals", WORDS)
    assert messages.compile_stale(package) == 2
    assert messages.compile_stale(package) == 0
    path = messages.catalogue_path(package / "seals")
    os.utime(path, (time.time() + 5, time.time() + 5))
    assert messages.compile_stale(package) == 1
    with path.with_suffix(".mo").open("rb") as file:
        assert gettext.GNUTranslations(file).ngettext("%(n)s row", "%(n)s rows", 3) == "%(n)s 行"


@pytest.mark.parametrize("app", ["common", "identity"])
def test_the_shell_is_whole_in_chinese(app):
    assert messages.check([app]) == []
