import numpy as np
import pandas as pd
import pytest

QUICK = ("--no-gan", "--repeats", "1", "--folds", "2", "--classifier", "logistic")


def test_the_first_line_is_what_to_do(ok, data):
    out, err = ok("compare", data / "orders.csv", *QUICK)
    assert out.splitlines()[0].split(":")[0].split(" to ")[0] in (
        "Change nothing", "Move the threshold", "Use class weights (logisticregression__class_weight='balanced')",
        "Repeat rare samples (RandomOverSampler)", "Use SMOTE", "Use SMOTENC",
    )  # fmt: skip
    assert "moved threshold" in out and "comparing" in err


def test_json_report_and_budget(ok, data, elsewhere):
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    found, err = ok(
        "compare",
        data / "orders.csv",
        "--json",
        "--quiet",
        "--report",
        "c.html",
        "--budget",
        "1s",
        "--score",
        "f1",
        *QUICK,
    )
    assert err == "" and found["answer"] and found["described"]["score"] == "f1"
    assert {row["remedy"] for row in found["table"]} >= {"nothing", "moved threshold", "class weights"}
    html = (elsewhere / "c.html").read_text(encoding="utf-8")
    assert "What should I do about rare classes?" in html and found["answer"].split(":")[0].split(" (")[0] in html


def test_groups_and_time_are_columns_and_no_features(ok, fails, elsewhere):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=60), "who": np.arange(60) // 2, "fraud": rng.random(60) < 0.4})
    frame.to_csv("visits.csv", index=False)
    fails(1, "compare", "visits.csv", "--groups", "whom", "-q", *QUICK, says="no column 'whom'; did you mean 'who'?")
    fails(2, "compare", "visits.csv", "--groups", "who", "--time", "who", *QUICK, says="cannot be combined")
    fails(2, "compare", "visits.csv", "--classifier", "tree", "-q", says="did you mean 'trees'?")
    for option in ("--groups", "--time"):
        found, _ = ok("compare", "visits.csv", option, "who", "--json", "--quiet", *QUICK)
        assert found["described"]["splits"] == 2


def test_images_are_refused_with_what_to_do(fails, data):
    fails(1, "compare", data / "images", "-q", says="ganaug evaluate")
