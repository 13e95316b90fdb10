import re

import pytest
from sklearn.datasets import load_iris

pytest.importorskip("typer")
import ganaug
from ganaug.core.errors import ConfigError, OutputError
from ganaug.report.explore import STRENGTHS, explore


@pytest.fixture(scope="module")
def gan(digit_images):
    return ganaug.train(*digit_images, max_steps=5, random_state=0)


def test_the_page_shows_directions_and_loads_nothing(gan, tmp_path):
    html = explore(gan, tmp_path / "page.html", n=3).read_text(encoding="utf-8")
    assert len(re.findall('<img src="data:image/', html)) == 3
    assert "http" not in html and "<script" not in html
    assert all(f"{strength:+g}" in html for strength in STRENGTHS)
    assert explore(gan, tmp_path / "again.html", n=3).read_text(encoding="utf-8") == html
    assert explore(gan, tmp_path / "pca.html", n=3, method="pca").read_text(encoding="utf-8") != html
    with pytest.raises(OutputError, match="exists already"):
        explore(gan, tmp_path / "page.html")


def test_rows_are_no_pictures(tmp_path):
    rows = ganaug.train(*load_iris(return_X_y=True), max_steps=2, random_state=0)
    with pytest.raises(ConfigError, match="makes rows, which are no pictures"):
        explore(rows, tmp_path / "page.html")
