import json
import math

import pytest

from ganaug.evaluation.result import OVERALL, Answer, Evaluation, Measurement, Verdict


@pytest.fixture
def found():
    fidelity = Answer(
        "fidelity",
        Verdict("good", "looks like the real data", "AUC 0.55", 40, 0.55, 0.5, 0.6, 0.62),
        (
            Measurement(OVERALL, "coverage", 0.9, real=0.95),
            Measurement("<b>", "coverage", math.nan, real=0.9),
        ),
        ("crude",),
    )
    utility = Answer(
        "utility",
        Verdict("bad", "hurts, don't use it", "-3.0 ± 1.0 points"),
        (
            Measurement("SMOTE", "balanced accuracy", 0.8, 0.7, 0.9),
            Measurement("real + synthetic", "balanced accuracy", 0.77, 0.67, 0.87),
            Measurement("real + synthetic", "balanced accuracy", -0.03, -0.04, -0.02, rival="SMOTE"),
        ),
    )
    return Evaluation({"fidelity": fidelity, "utility": utility}, {"kind": "table", "notes": ["leaky"]}, {})


def test_it_reads_like_a_dict(found):
    assert list(found) == ["fidelity", "utility"] and len(found) == 2
    assert found["fidelity"]["coverage"].value == 0.9
    assert found["utility"]["SMOTE", "balanced accuracy"].high == 0.9
    assert found["utility"]["real + synthetic", "balanced accuracy"].value == 0.77
    assert found["utility"]["real + synthetic", "balanced accuracy", "SMOTE"].value == -0.03
    with pytest.raises(KeyError):
        found["fidelity"]["precision"]
    with pytest.raises(KeyError):
        found["privacy"]


def test_frames_have_a_row_for_each_number(found):
    frame = found.to_frame()
    assert frame.columns.tolist() == [
        "question",
        "subject",
        "metric",
        "value",
        "low",
        "high",
        "real",
        "better",
        "rival",
    ]
    assert len(frame) == 5
    assert frame["question"].tolist() == ["fidelity"] * 2 + ["utility"] * 3


def test_plain_data_survive_json_without_nan(found):
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert plain["fidelity"]["verdict"] == {
        "grade": "good",
        "words": "looks like the real data",
        "because": "AUC 0.55",
        "n": 40,
        "value": 0.55,
        "low": 0.5,
        "high": 0.6,
        "limit": 0.62,
    }
    assert plain["utility"]["verdict"]["limit"] is None
    assert plain["utility"]["measurements"][2]["rival"] == "SMOTE"
    assert plain["fidelity"]["measurements"][1]["value"] is None
    assert plain["described"]["kind"] == "table"


def test_words_come_first(found):
    lines = str(found).splitlines()
    assert lines[0] == (
        "fidelity (does it look like the real data?) good: looks like the real data: AUC 0.55 "
        "[n = 40 held out; 0.55, 95 % interval 0.5 to 0.6; limit 0.62]"
    )
    assert lines[1].startswith("utility (does it help a classifier?) bad: hurts, don't use it: -3.0")
    assert lines[2:4] == ["note: leaky", "note: crude"]
    assert "real + synthetic" in str(found) and "over SMOTE" not in str(found)


def test_the_page_escapes_what_users_wrote(found):
    page = found._repr_html_()
    assert " looks like the real data</b>" in page
    assert "<li>leaky</li>" in page and "<li>crude</li>" in page
    assert "&lt;b&gt;" in page and "<td><b></td>" not in page
