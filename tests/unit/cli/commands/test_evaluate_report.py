"""``ganaug evaluate --report``."""

import sys

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")


@pytest.fixture
def unseen(elsewhere):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "amount": rng.normal(size=60).round(3),
            "items": rng.integers(1, 9, 60),
            "kind": rng.choice(["shop", "web"], 60),
            "fraud": np.repeat(["no", "yes"], [40, 20]),
        }
    )
    frame.to_csv(elsewhere.parent / "unseen.csv", index=False)
    return elsewhere.parent / "unseen.csv"


def test_a_page_is_written_beside_the_answers(ok, data, models, unseen, elsewhere):
    asked = ("evaluate", models / "orders.safetensors", data / "orders.csv", "--test", unseen, "--ask", "privacy", "-q")
    out, err = ok(*asked, "--report", "report.html")
    assert err == "" and out.splitlines()[-1] == "See report.html."
    page = (elsewhere / "report.html").read_text(encoding="utf-8")
    assert "Did it copy my data?" in page and "The nearest pairs" in page and "Does it help my model?" not in page
    ok(*asked, "--report", "bare.html", "--no-samples")
    assert "The nearest pairs" not in (elsewhere / "bare.html").read_text(encoding="utf-8")


def test_what_cannot_be_written_is_refused_before_any_work(
    fails, data, models, unseen, elsewhere, no_training, monkeypatch
):
    asked = ("evaluate", models / "orders.safetensors", data / "orders.csv", "--report", "report.html")
    (elsewhere / "report.html").write_text("mine")
    fails(1, *asked, says="report.html exists already")
    (elsewhere / "report.html").unlink()
    monkeypatch.setitem(sys.modules, "jinja2", None)
    fails(1, *asked, says="pip install 'ganaug[report]'")
