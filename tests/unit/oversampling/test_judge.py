import logging

import numpy as np
import pytest
from sklearn.datasets import load_digits

from ganaug.data.encoded import encode
from ganaug.oversampling import judge as room
from ganaug.oversampling.judge import BASE, Judgement, Trial, judge
from ganaug.oversampling.sources import Repeat, Source


@pytest.fixture(scope="module")
def data():
    X, y = load_digits(n_class=3, return_X_y=True)
    kept = np.concatenate([np.flatnonzero(y == k)[:n] for k, n in enumerate((100, 100, 24))])
    return encode((X[kept].reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8), np.array(["a", "b", "rare"])[y[kept]])


class Noise(Source):
    """New images that teach nothing but wrong things: those of another class."""

    def fit(self, data, rng):
        self.data = data
        return self

    def draw(self, condition, n, rng):
        return self.data.own((condition + 1) % 3)[rng.integers(20, size=n)]


class Remembered(Repeat):
    """Keeps what every fit was shown."""

    seen = []

    def fit(self, data, rng):
        self.seen.append({image.tobytes() for image in data.x})
        return super().fit(data, rng)


RARE = np.array([2])
FALLBACK = {"gan": 1.0}


def judged(data, factories, rare=RARE, budget=1e9, seed=0):
    factories = {**factories, BASE: Repeat}
    return judge(data, factories, rare, FALLBACK, budget=budget, random_state=np.random.default_rng(seed))


@pytest.fixture
def answers(monkeypatch):
    """Replace classifiers by ones that are right about this share of the images: one after another."""

    def set_answers(data, *shares):
        pixels = {image.tobytes(): c for image, c in zip(data.floats(), data.c, strict=True)}
        calls = []

        def classified(images, labels, weights, unseen, **options):
            truth = np.array([pixels[image.tobytes()] for image in unseen])
            share = shares[len(calls) % len(shares)]
            calls.append(share)
            right = np.random.default_rng(len(calls)).permutation(len(truth)) < share * len(truth)
            return np.where(right, truth, (truth + 1) % 3)

        monkeypatch.setattr(room, "classify", classified)
        return calls

    return set_answers


@pytest.mark.parametrize(("source_is_right", "shares"), [(0.95, {"new": 1.0}), (0.4, {BASE: 1.0})])
def test_a_source_is_chosen_only_if_it_is_clearly_better(data, answers, source_is_right, shares):
    calls = answers(data, 0.4, source_is_right)
    found = judged(data, {"new": Repeat})
    assert found.shares == shares and len(calls) == 4
    assert (
        "best on held-out images: new +" if "new" in shares else "no source of new images is clearly better"
    ) in str(found)
    (trial,) = found.trials
    assert trial.n == 149 or trial.n == 150  # two thirds of the images judge, each once


def test_wrong_images_are_found_out_by_real_classifiers(data, monkeypatch):
    monkeypatch.setattr(room, "_STEPS", 60)
    found = judged(data, {"wrong": Noise})
    assert found.shares == {BASE: 1.0} and found.trials[0].gain < 0


def test_the_second_round_hears_the_two_best_and_half_of_each(data, answers):
    answers(data, 0.5, 0.9, 0.1, 0.8, 0.5, 0.9, 0.8, 0.95)  # base, then a, b, c; base, then a, c, a + c
    found = judged(data, dict.fromkeys("abc", Repeat))
    rounds = {tuple(trial.shares.items()): trial.n for trial in found.trials}
    assert rounds[("a", 1.0),] == rounds[("c", 1.0),] > rounds[("b", 1.0),]
    assert (("a", 0.5), ("c", 0.5)) in rounds


def test_nothing_held_out_is_learnt_from(data, monkeypatch):
    Remembered.seen.clear()
    held = []

    def watched(images, labels, weights, unseen, **options):
        held.append({image.tobytes() for image in unseen})
        assert not {image.tobytes() for image in images} & held[-1]
        return np.zeros(len(unseen), int)

    monkeypatch.setattr(room, "classify", watched)
    judged(data, {"new": Remembered})
    encoded = {image.tobytes(): data.x[i].tobytes() for i, image in enumerate(data.floats())}
    assert len(Remembered.seen) == 2
    for seen, unseen in zip(Remembered.seen, (held[0], held[-1]), strict=True):
        assert not seen & {encoded[image] for image in unseen}
    assert not held[0] & held[-1]  # no image judges twice


def test_the_same_seed_gives_the_same_judgement(data, monkeypatch):
    monkeypatch.setattr(room, "_STEPS", 3)
    first, second = (judged(data, {"new": Noise}, seed=4) for _ in range(2))
    assert (first.shares, first.trials) == (second.shares, second.trials)


def test_too_few_images_to_judge_by_are_said_and_the_safest_choice_is_taken(data):
    few = data.take(np.arange(210))
    found = judged(few, {"new": Noise})
    assert found.shares == FALLBACK and not found.trials
    assert "has the 12 images that are needed to judge by" in str(found)


def test_one_tiny_class_does_not_keep_the_others_from_judging(data, answers):
    X, y = data.codec.decode(data.floats(), np.random.default_rng(0)), data.c.copy()
    y[:8] = 3  # eight images of a fourth class
    four = encode(X, y)
    answers(four, 0.4, 0.95)
    assert judged(four, {"new": Repeat}, rare=np.array([2, 3])).shares == {"new": 1.0}


def test_when_the_budget_is_spent_nothing_else_is_tried(data, answers):
    calls = answers(data, 0.5)
    found = judged(data, {"new": Repeat}, budget=0.0)
    assert found.shares == {BASE: 1.0} and not found.trials and len(calls) <= 2


def test_every_trial_is_logged_and_the_judgement(data, answers, caplog):
    answers(data, 0.4, 0.95)
    with caplog.at_level(logging.INFO, logger="ganaug"):
        judged(data, {"new": Repeat})
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "judge, round 1 of 2",
        "judge, round 2 of 2",
        "sources of new images",
    ]
    assert "new +" in caplog.records[0].message


def test_gains_are_shrunk_by_their_errors():
    sure, unsure = Trial({"a": 1.0}, 0.1, 0.001, 900), Trial({"b": 1.0}, 0.1, 0.1, 20)
    assert unsure.shrunk < 0.01 < 0.099 < sure.shrunk
    assert str(Trial({"a": 0.5, "b": 0.5}, 0.0215, 0.01, 9)) == "0.5 a + 0.5 b +2.1 ± 1.0"
    assert str(Judgement({"a": 1.0}, why="as asked")) == "as asked"


def test_large_images_are_reduced():
    images = np.arange(2 * 64 * 48, dtype=np.float32).reshape(2, 1, 64, 48)
    reduced = room.reduce_size(images)
    assert reduced.shape == (2, 1, 32, 32) and reduced.mean() == pytest.approx(images.mean())
    assert room.reduce_size(images[:, :, :20, :20]).shape == (2, 1, 20, 20)
