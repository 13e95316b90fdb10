import numpy as np
import pytest

from ganaug.evaluation.fidelity.c2st import C2ST
from ganaug.evaluation.fidelity.constraints import Rule
from ganaug.evaluation.fidelity.limits import grade, judge_agreement, judge_auc, judge_rules, judge_shares
from ganaug.evaluation.result import OVERALL, Measurement


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ((0.0, 0.05, 0.09), "good"),
        ((0.0, 0.05, 0.2), "cannot be judged"),  # it may be over the limit
        ((0.05, 0.2, 0.6), "doubtful"),
        ((0.45, 0.6, 0.7), "bad"),
        ((0.35, 0.6, 0.7), "doubtful"),  # not surely
    ],
)
def test_a_loss_is_good_or_bad_only_where_that_is_sure(interval, expected):
    assert grade(*interval, (0.1, 0.4)) == expected


def auc(value, real=0.5, error=0.02):
    return Measurement("x", C2ST, value, value - error, value + error, real=real)


@pytest.mark.parametrize(
    ("value", "real", "expected"),
    [(0.52, 0.5, "good"), (0.7, 0.5, "doubtful"), (0.7, 0.65, "good"), (0.99, 0.5, "bad")],
)
def test_the_classifier_s_success_is_held_against_that_on_real_samples(value, real, expected):
    verdicts = list(judge_auc({"a": [auc(value, real)]}, {"a": 100}))
    assert [verdict.grade for verdict in verdicts] == [expected]
    assert f"AUC of {value:.2f} (other real ones: {real:.2f})" in verdicts[0].because


def test_the_worst_class_has_a_verdict_of_its_own():
    measured = {"common": [auc(0.5)], "also": [auc(0.5)], "rare": [auc(0.99)]}
    overall, rare = judge_auc(measured, {"common": 100, "also": 80, "rare": 20})
    assert overall.n == 20 and "their class" in overall.because
    assert rare.grade == "bad" and "class rare" in rare.because


def test_shares_are_judged_relative_to_what_real_samples_reach():
    def verdicts(value, real):
        shares = [Measurement("a", metric, value, real=real) for metric in ("precision", "coverage")]
        return [v.grade for v in judge_shares({"a": shares}, {"a": 1000}, {"a": 1000})]

    assert verdicts(0.85, 0.9) == ["good", "good"]
    assert verdicts(0.2, 0.9) == ["bad", "bad"]
    assert verdicts(0.0, 0.05) == []  # real samples reach so little that it does not tell


def test_agreement_counts_only_where_real_samples_agree_themselves():
    right, wrong = np.ones(200, bool), np.zeros(200, bool)
    assert [v.grade for v in judge_agreement({"a": (right, right)}, 0.5)] == ["good"]
    assert [v.grade for v in judge_agreement({"a": (wrong, right)}, 0.5)] == ["bad"]
    assert list(judge_agreement({"a": (wrong, np.arange(200) % 2 == 0)}, 0.5)) == []


@pytest.mark.parametrize(("broken", "expected"), [(0.005, "good"), (0.1, "doubtful"), (0.5, "bad")])
def test_the_rule_that_is_broken_most_decides(broken, expected):
    [verdict] = judge_rules([Rule("a ≤ b", 0.0, 0.001), Rule("b ≤ c", 0.0, broken)])
    assert verdict.grade == expected and "“b ≤ c”" in verdict.because
    assert OVERALL not in verdict.because and list(judge_rules([])) == []
