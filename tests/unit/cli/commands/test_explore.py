import pytest

pytest.importorskip("jinja2")


def test_a_page_of_directions_is_written(ok, fails, models, elsewhere):
    asked = ("explore", models / "images.safetensors", "--out", "page.html", "--n", 2)
    assert ok(*asked, "--json")[0] == {"out": "page.html", "method": "sefa"}
    assert "<html" in (elsewhere / "page.html").read_text(encoding="utf-8")
    fails(1, *asked, says="page.html exists already")


def test_there_has_to_be_a_model(fails):
    fails(2, "explore", "gone.safetensors", "--out", "page.html", says="there is no file gone.safetensors")
