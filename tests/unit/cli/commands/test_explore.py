import pytest

pytest.importorskip("jinja2")


def test_a_page_of_directions(ok, fails, models, elsewhere):
    model = models / "images.safetensors"
    assert ok("explore", model, "--out", "page.html", "--n", 2)[0] == "See page.html.\n"
    assert (elsewhere / "page.html").read_text().count("<img") == 2
    assert ok("explore", model, "--out", "p.html", "--method", "pca", "--json")[0]["method"] == "pca"
    fails(1, "explore", model, "--out", "page.html", says="page.html exists already")
    fails(2, "explore", "gone", "--out", "other.html", says="there is no file gone")
    fails(2, "explore", model, "--out", "other.html", "--method", "ica", says="'sefa' or 'pca'")
    fails(2, "explore", models / "orders.safetensors", "--out", "other.html", says="which are no pictures")
