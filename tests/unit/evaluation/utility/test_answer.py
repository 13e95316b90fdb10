import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from ganaug.evaluation.utility import answer as utility, arms
from ganaug.evaluation.utility.answer import BALANCED, RARE, answer_utility
from ganaug.evaluation.utility.arms import ALONE, AS_THEY_ARE, BOTH, OVER_SAMPLING, SMOTE_ARM, WEIGHTS

NAMES = {0: "usual", 1: "rare"}


def pretended(accuracies, d, seed=0):
    """Arms that are right as often as they are told."""

    def arm(accuracy):
        def scores(given, r):
            rng = np.random.default_rng(seed + r + int(1e6 * accuracy))
            right = rng.random(len(given.c_test)) < accuracy
            return np.eye(2)[np.where(right, given.c_test, 1 - given.c_test)]

        return scores

    return {name: arm(accuracy) for name, accuracy in accuracies.items()}


@pytest.fixture
def verdict(data):
    """Judge arms that are right as often as is said."""

    def judged(d=None, score=BALANCED, seed=0, **accuracies):
        names = {"none": AS_THEY_ARE, "smote": SMOTE_ARM, "alone": ALONE, "both": BOTH}
        d = data() if d is None else d
        found = pretended({names[name]: accuracy for name, accuracy in accuracies.items()}, d, seed)
        return answer_utility(d, found, NAMES, score=score, repeats=3, seed=0).verdict

    return judged


def test_verdicts_in_words(verdict):
    good = verdict(none=0.6, smote=0.7, alone=0.6, both=0.9)
    assert (good.grade, good.words) == ("good", "helps")
    assert good.because.startswith("+2") and "points of balanced accuracy over SMOTE" in good.because
    bad = verdict(none=0.6, smote=0.9, alone=0.6, both=0.7)
    assert (bad.grade, bad.words) == ("bad", "hurts, don't use it")
    assert verdict(none=0.6, smote=0.7, alone=0.6, both=0.705).words == "no measurable difference"


def test_better_than_nothing_is_not_enough(verdict):
    assert verdict(none=0.5, smote=0.85, alone=0.5, both=0.84).grade == "doubtful"


def test_chance_is_seldom_taken_for_help_or_harm():
    rng = np.random.default_rng(0)
    c = np.repeat([0, 1], [200, 60])
    rivals = [AS_THEY_ARE, WEIGHTS, OVER_SAMPLING, SMOTE_ARM]
    grades = []
    for _ in range(300):
        right = {name: rng.random((3, 260)) < 0.8 for name in [*rivals, BOTH]}
        grades.append(utility._verdict(right, c, np.array([0, 1]), BALANCED, rivals, NAMES).grade)
    assert grades.count("good") <= 9
    assert grades.count("bad") <= 24


def test_few_held_out_samples_leave_it_open(data, verdict):
    found = verdict(data(held=12), none=0.5, smote=0.6, alone=0.5, both=0.95)
    assert (found.grade, found.n) == ("cannot be judged", 12)
    assert "cannot be judged with 12 held-out samples" in found.because


def test_a_budget_makes_fewer_repeats_and_says_so(monkeypatch, data):
    ticks = iter(range(0, 1000, 10))
    monkeypatch.setattr(utility.time, "process_time", lambda: next(ticks))
    d = data(held=20)
    ways = arms.row_arms(LogisticRegression())
    found = answer_utility(d, ways, NAMES, score=BALANCED, repeats=5, seed=0, budget=25)
    assert any("enough for 1 of 5 fits" in note for note in found.notes)


def test_recall_of_rare_classes_can_decide_and_needs_one(data, verdict):
    assert "recall of rare classes over SMOTE" in verdict(score=RARE, none=0.5, smote=0.6, alone=0.5, both=0.9).because
    found = verdict(data(100, 90), score=RARE, none=0.5, smote=0.6, alone=0.5, both=0.9)
    assert found.grade == "cannot be judged" and "no recall of rare classes" in found.because


def test_what_cannot_be_judged_stays_open(data, verdict):
    assert verdict(data(held=1), none=0.5, smote=0.6, alone=0.5, both=0.9).grade == "cannot be judged"
    assert verdict(data(made=0), none=0.5, smote=0.6, alone=0.5, both=0.9).grade == "cannot be judged"


def test_all_ways_to_train_are_measured_and_drawn(data):
    d = data(held=20)
    found = answer_utility(d, arms.row_arms(LogisticRegression()), NAMES, score=BALANCED, repeats=2, seed=0)
    ways = {AS_THEY_ARE, WEIGHTS, OVER_SAMPLING, SMOTE_ARM, ALONE, BOTH}
    frame = found.to_frame()
    assert set(frame["subject"]) == ways
    for way in ways:
        assert found[way, BALANCED].low <= found[way, BALANCED].value <= found[way, BALANCED].high
        assert 0.7 < found[way, "ROC AUC"].value <= 1
    gains = {(score, way) for score in (BALANCED, RARE) for way in ways - {ALONE, BOTH}}
    assert gains == {(row.metric, row.rival) for row in frame.itertuples() if row.rival}
    assert any("rare has 20 held-out" in note or "usual has 20 held-out" in note for note in found.notes)
    repeats, confusion = found.drawn["repeats"], found.drawn["confusion"]
    assert repeats.columns.tolist() == ["arm", "repeat", "metric", "value"]
    mean = repeats[(repeats["arm"] == BOTH) & (repeats["metric"] == BALANCED)]["value"].mean()
    assert mean == pytest.approx(found[BOTH, BALANCED].value)
    assert confusion.groupby(["arm", "truth"])["share"].sum().to_numpy() == pytest.approx(1)
