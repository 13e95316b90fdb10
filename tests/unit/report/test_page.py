import base64
import hashlib
import re
import sys
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from sklearn.datasets import load_wine

import ganaug
from ganaug.core.errors import MissingExtraError, OutputError
from ganaug.evaluation.result import Evaluation, Measurement
from ganaug.evaluation.words import GLOSSARY
from ganaug.report import write
from ganaug.report.page import render

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")

VOID = {"meta", "link", "img", "br", "path", "use", "rect"}
HOSTILE = [
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    '"><img src=x onerror=alert(1)>',
    "</style></svg></table><h1>mine",
    "$\\frac{1}$ & co.",
    "long " * 400,
    "two\nlines\x00\u202e",
    "http://example.org/x.js",
    "日本語 😀",
    " ",
]


class Page(HTMLParser):
    """What is in a page: elements with their attributes and text, in order, and whether they are closed in order."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.text = [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        element = {"tag": tag, "text": "", **dict(attributes)}
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attributes):
        self.elements.append({"tag": tag, "text": "", **dict(attributes)})

    def handle_endtag(self, tag):
        assert self.open.pop()["tag"] == tag

    def handle_data(self, data):
        self.text.append(data)
        for element in self.open:
            element["text"] += data

    def all(self, *tags):
        return [element for element in self.elements if element["tag"] in tags]


@pytest.fixture(scope="module")
def pages(of_images, of_rows):
    return {"images": render(of_images), "rows": render(of_rows)}


@pytest.fixture(params=["images", "rows"])
def html(request, pages):
    return pages[request.param]


def test_every_section_is_there_and_the_verdicts_come_first(html):
    headings = [" ".join(element["text"].split()) for element in Page(html).all("h1", "h2")]
    questions = ["Does it look real?", "Does it help my model?", "Did it copy my data?"]
    assert headings == [
        "Synthetic data, evaluated", *questions, "Before you rely on it", "Samples", *questions, "Training",
        "Where this comes from",
    ]  # fmt: skip
    for said in ("Looks real", "0.93 of 0.95", "n = 40 held out", "limit 0.8", "No difference", "Gives people away"):
        assert said in html


def test_numbers_are_those_of_the_evaluation(of_images, pages):
    page = Page(pages["images"])
    cells = " ".join(" ".join(page.text).split())
    coverage = of_images["fidelity"]["3", "coverage"]
    assert f"{coverage.value:.3f}" in cells and f"{coverage.real:.3f}" in cells
    for said in ("abc123", "0123456789ab", "Seed 7", "ganaug 0.1.0", "max_steps", "40 training images"):
        assert said in cells


def test_one_file_that_loads_nothing(html):
    page = Page(html)
    assert page.all("iframe", "object", "embed", "form", "base") == []
    (script,) = page.all("script")  # it sorts tables, and is the only one that the policy allows
    digest = base64.b64encode(hashlib.sha256(script["text"].encode()).digest()).decode()
    for element in page.elements:
        for name in ("src", "href", "xlink:href", "action", "data", "srcset", "poster", "background"):
            assert re.match(r"#|data:", element.get(name, "#")), element
        assert not any(name.startswith("on") for name in element)
    assert "@import" not in html and not re.search(r"url\((?!#)", html)
    policy = next(element["content"] for element in page.all("meta") if "http-equiv" in element)
    allowed = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert policy == f"{allowed}; script-src 'sha256-{digest}'"


def test_accessible(html):
    page = Page(html)
    assert page.all("html")[0]["lang"] == "en" and page.all("title")[0]["text"].strip()
    levels = [int(element["tag"][1]) for element in page.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
    assert all(element["alt"] for element in page.all("img"))
    assert all(element["role"] == "img" and element["aria-label"] for element in page.all("svg"))
    assert all(element.get("scope") for element in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table")) > 2
    assert all(el["tabindex"] == "0" and el["aria-label"] for el in page.elements if el.get("class") == "scroll")
    ids = [element["id"] for element in page.elements if "id" in element]
    assert len(ids) == len(set(ids))
    used = re.findall(r'(?:href="|url\()#([^")]+)', html)
    assert used and set(used) <= set(ids)
    assert all(label in ids for element in page.elements for label in element.get("aria-labelledby", "").split())


def test_colours_have_contrast(html):
    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
        return sum(weight * v for weight, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    schemes = [
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in re.findall(r":root \{(.*?)\}", html, re.S)
    ]
    assert len(schemes) == 3  # light, dark, print
    for scheme in schemes[:2]:
        for ground in ("ground", "card"):
            for text in ("text", "soft", "link", "good", "fair", "bad", "open"):
                low, high = sorted((luminance(scheme[ground]), luminance(scheme[text])))
                assert (high + 0.05) / (low + 0.05) >= 4.5, (text, ground)  # WCAG 2.2 AA


def test_figures_take_the_colour_of_the_page(html):
    svgs = re.findall(r"<svg.*?</svg>", html, re.S)
    assert len(svgs) > 8
    for svg in svgs:
        assert "currentColor" in svg or "<text" not in svg
        assert not re.search(r"#000000|#ffffff|fill: (black|white)", svg)


@pytest.mark.parametrize("kind", ["image", "table"])
def test_hostile_names_are_shown_as_they_are(build, kind):
    if kind == "image":
        gallery, columns = build.images(HOSTILE), None
    else:
        gallery, columns = build.rows(HOSTILE, HOSTILE, levels=HOSTILE), HOSTILE
    found = build.evaluation(kind, HOSTILE, gallery, columns, note=HOSTILE[0] + HOSTILE[1], data=HOSTILE[2])
    found.described["source"] = found.described["versions"]["ganaug"] = HOSTILE[0]
    html = render(found)
    page = Page(html)
    assert len(page.all("script")) == len(page.all("h1")) == 1
    assert not any(name.startswith("on") for element in page.elements for name in element)
    text = "".join(page.text)
    assert HOSTILE[0] in text and HOSTILE[1] in text and "49" not in re.findall(r"\d+", text)
    assert "\x00" not in html and "\u202e" not in html
    assert max(len(element["text"]) for element in page.all("h3", "figcaption", "th")) < 200
    assert "日本語 😀" in text and "(no name)" in text
    assert "<script" not in found._repr_html_() and "onerror=alert(1)>" not in found._repr_html_()


def test_every_image_has_its_pixels(of_images, pages):
    from base64 import b64decode
    from io import BytesIO

    from PIL import Image

    sources = [element["src"] for element in Page(pages["images"]).all("img")]
    assert len(sources) == 6 * 2 + 4
    sheet = np.asarray(Image.open(BytesIO(b64decode(sources[0].partition(",")[2]))).convert("RGBA"))
    first = of_images.gallery["training"]["0"][0]
    np.testing.assert_array_equal(sheet[:32:4, :32:4, 0], first)
    assert sheet[0, 33, 3] == 0  # between tiles the page shows


@pytest.mark.parametrize("shape", [(28, 28), (100, 60, 3), (20, 20, 4), (300, 5)])
def test_images_of_any_size_are_shown(build, shape):
    found = build.evaluation("image", ["a", "b"], build.images(["a", "b"], shape))
    del found.answers["fidelity"], found.answers["utility"]
    html = render(found)
    assert len(Page(html).all("img")) == 6
    assert len(html) < 1e6


def test_a_report_may_leave_samples_out(of_images, of_rows, pages):
    page = Page(render(of_images, samples=False))
    assert page.all("img") == [] and "This file shows real samples" not in "".join(page.text)
    with_rows, without = pages["rows"], render(of_rows, samples=False)
    assert "1.235e+04" in with_rows and "1.235e+04" not in without
    assert "nearest pairs" not in without


def test_answers_that_were_not_asked_for_are_left_out(build):
    found = build.evaluation("image", ["a", "b"], build.images(["a", "b"]))
    for question in ("fidelity", "utility"):
        del found.answers[question]
    found.history = None
    headings = [element["text"].strip() for element in Page(render(found)).all("h2")]
    assert headings.count("Did it copy my data?") == 2
    assert not {"Does it look real?", "Training"} & set(headings)


def test_many_classes_stay_readable(build):
    classes = [f"class {i}" for i in range(150)]
    html = render(build.evaluation("image", classes, build.images(classes)))
    assert len(Page(html).all("img")) == 6 * 2 + 4
    assert len(html) < 1.5e6


def test_ten_classes_stay_small(pages):
    assert len(pages["images"].encode()) < 5_000_000


def test_the_file_is_written_whole_or_not_at_all(of_rows, tmp_path, monkeypatch):
    path = write(of_rows, tmp_path / "new" / "report.html")
    before = path.read_text(encoding="utf-8")
    assert before.startswith("<!DOCTYPE html>") and before.rstrip().endswith("</html>")
    with pytest.raises(OutputError, match="exists already"):
        of_rows.report(path)
    assert of_rows.report(path, samples=False, overwrite=True) == path
    assert path.read_text(encoding="utf-8") != before
    monkeypatch.setattr("ganaug.report.page._content", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        of_rows.report(tmp_path / "half.html")
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == ["report.html"]


@pytest.mark.parametrize("module", ["jinja2", "matplotlib"])
def test_a_missing_extra_says_what_to_install(of_rows, tmp_path, monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"a report needs {module}.*pip install 'ganaug\[report\]'"):
        of_rows.report(tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []
    assert "looks real" in of_rows._repr_html_()  # a notebook needs neither


def test_a_notebook_shows_the_summary(of_images):
    shown = of_images._repr_html_()
    page = Page(shown)
    for said in ("Does it look real?", "looks real", "0.93 of 0.95", "A note."):
        assert said in shown
    assert len(page.all("details")) == 3 and page.all("img", "svg", "script") == []
    assert len(shown) < 60_000


@pytest.mark.parametrize("kind", [pytest.param("images", marks=pytest.mark.slow), "rows"])
def test_what_evaluate_finds_is_reported_and_explained(digit_images, kind):
    X, y = digit_images if kind == "images" else load_wine(return_X_y=True, as_frame=True)
    index = np.arange(len(y))
    learnt, unseen = (index[index % 2 == part] for part in (0, 1))
    take = (lambda X, part: X[part]) if kind == "images" else (lambda X, part: X.iloc[part])
    gan = ganaug.train(take(X, learnt), np.asarray(y)[learnt], max_steps=5, random_state=0)
    parts = (take(X, unseen), np.asarray(y)[unseen], take(X, learnt), np.asarray(y)[learnt])
    found = ganaug.evaluate(gan, *parts, questions=["fidelity", "privacy"], random_state=0)
    explained = {measured.metric for answer in found.values() for measured in answer.measurements}
    assert explained <= GLOSSARY.keys()
    page = Page(render(found))
    text = " ".join("".join(page.text).split())
    assert "The nearest pairs" in text and "Diversity" in text and "relativistic" in text
    assert found.described["training sha256"] in text
    assert len(page.all("img")) == (2 * 2 + 2 if kind == "images" else 0)


def test_cards_say_what_to_do_and_privacy_says_near_duplicates(of_rows, build):
    text = " ".join(Page(render(of_rows)).text)
    assert "simpler means do as well" in text and "Do not publish them" in text
    one = Measurement("all classes", "near duplicates", 0.125, real=0.03)
    privacy = replace(of_rows["privacy"], measurements=(one,))
    found = Evaluation(of_rows.answers | {"privacy": privacy}, of_rows.described, of_rows.gallery)
    assert "12.5%; of real samples 3.0% are" in " ".join(Page(render(found)).text)
