import logging

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from ganaug.data.encoded import encode
from ganaug.oversampling import judge as room
from ganaug.oversampling.images import Symmetry
from ganaug.oversampling.judge import BASE, Judgement, Trial, judge, judge_once
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
        others = self.data.of_class((condition + 1) % 3)
        return others[rng.integers(len(others), size=n)]


class Remembered(Repeat):
    """Keeps what every fit was shown."""

    seen = []

    def fit(self, data, rng):
        self.seen.append({image.tobytes() for image in data.x})
        return super().fit(data, rng)


RARE = np.array([2])


def judged(data, factories, rare=RARE, budget=1e9, seed=0, judge=judge):
    factories = {**factories, BASE: Repeat}
    return judge(data, factories, rare, budget=budget, random_state=seed)


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


HALF = {"new": 0.5, BASE: 0.5}


@pytest.mark.parametrize(("source_is_right", "shares"), [(0.95, HALF), (0.4, {BASE: 1.0})])
def test_a_source_is_chosen_only_if_it_is_clearly_better(data, answers, source_is_right, shares):
    # in each round two classifiers on repeats, then one with half from the source; in the second one from it alone, too
    calls = answers(data, 0.4, 0.4, source_is_right, 0.4, 0.4, source_is_right, 0.4)
    found = judged(data, {"new": Repeat})
    assert found.shares == shares and len(calls) == 7
    assert (
        "best on held-out images: 0.5 new + 0.5 repeat +"
        if "new" in shares
        else "no source of new images is clearly better"
    ) in str(found)
    numbers = {len(trial.shares): trial.n for trial in found.trials}
    assert numbers[2] == pytest.approx(2 * 117, abs=30) and numbers[1] < 150  # images; clusters stay together


def test_a_source_that_gains_on_rare_classes_alone_has_the_weight_of_both_scores(data, monkeypatch):
    truth = {image.tobytes(): c for image, c in zip(data.floats(), data.c, strict=True)}
    calls = []

    def classified(images, labels, weights, unseen, **options):
        """Be right about what is frequent in this round; about what is rare only once the source helps."""
        calls.append(len(images))
        known = np.array([truth[image.tobytes()] for image in unseen])
        helped, round_ = (len(calls) - 1) % 7 >= 2 if len(calls) <= 3 else len(calls) >= 6, len(calls) > 3
        frequent = 0 if round_ else 1
        return np.where((known == frequent) | helped, known, (known + 1) % 3)

    monkeypatch.setattr(room, "classify", classified)
    found = judged(data, {"new": Repeat})
    best = next(trial for trial in found.trials if trial.shares == HALF)
    assert best.gain == pytest.approx(0.5 + 0.5 / 3)  # all of the recall; one of three classes of balanced accuracy


def test_wrong_images_are_found_out_by_real_classifiers(data, monkeypatch):
    monkeypatch.setattr(room, "_STEPS", 60)
    found = judged(data, {"wrong": Noise})
    assert found.shares == {BASE: 1.0}
    alone = [trial.gain for trial in found.trials if trial.shares == {"wrong": 1.0}]
    assert all(gain < -0.1 for gain in alone) and max(trial.gain for trial in found.trials) < 0.05


def test_a_source_that_clearly_lost_is_not_heard_again(data, answers):
    calls = answers(data, 0.9, 0.9, 0.1)
    found = judged(data, {"new": Repeat})
    assert found.shares == {BASE: 1.0} and len(found.trials) == 1 and len(calls) == 3


def test_the_second_round_hears_the_two_best_again_the_best_alone_and_half_of_each(data, answers):
    first, second = (0.5, 0.5, 0.9, 0.1, 0.8), (0.5, 0.5, 0.9, 0.8, 0.6, 0.95)  # repeats, a, b, c; repeats, a, c, …
    answers(data, *first, *second)
    found = judged(data, dict.fromkeys("abc", Repeat))
    rounds = {tuple(trial.shares): trial.n for trial in found.trials}
    assert rounds["a", BASE] == rounds["c", BASE] > rounds["b", BASE]
    assert rounds["a",] == rounds["a", "c"] < rounds["a", BASE] and ("c",) not in rounds


def test_where_one_source_gained_no_other_one_is_mixed_in(data, answers):
    answers(data, 0.5, 0.5, 0.9, 0.1, 0.2, 0.5, 0.5, 0.9, 0.95)
    trials = judged(data, dict.fromkeys("abc", Repeat)).trials
    assert {tuple(trial.shares) for trial in trials} == {("a", BASE), ("b", BASE), ("c", BASE), ("a",)}


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
    assert len(Remembered.seen) == 2  # once a round
    for seen, unseen in zip(Remembered.seen, (held[0], held[-1]), strict=True):
        assert not seen & {encoded[image] for image in unseen}


def test_the_same_seed_gives_the_same_judgement(data, monkeypatch):
    monkeypatch.setattr(room, "_STEPS", 3)
    first, second = (judged(data, {"new": Noise}, seed=4) for _ in range(2))
    assert (first.shares, first.trials) == (second.shares, second.trials)


def test_frequent_classes_judge_for_rare_ones_of_a_few_images(data, answers):
    few = data.take(np.arange(208))
    answers(few, 0.4, 0.4, 0.95, 0.4, 0.4, 0.95, 0.4)
    assert judged(few, {"new": Repeat}).shares == HALF


def test_too_few_images_to_judge_by_are_said_and_real_ones_are_repeated(data):
    two = data.take(np.r_[np.arange(100), np.arange(200, 210)])
    found = judged(two, {"new": Noise}, rare=np.array([1]))
    assert found.shares == {BASE: 1.0} and not found.trials
    assert "has the 12 images that are needed to judge by" in str(found)


def test_the_same_images_settings_and_seed_are_judged_once(data, answers, monkeypatch):
    monkeypatch.setattr(room, "_remembered", {})
    calls = answers(data, 0.4, 0.4, 0.95, 0.4)
    found = judged(data, {"new": Repeat}, judge=judge_once)
    n = len(calls)
    assert judged(data, {"new": Repeat}, judge=judge_once) is found and len(calls) == n
    other = data.take(np.arange(len(data.c))[::-1])
    for changed in ({"seed": 1}, {"factories": {"other": Repeat}}, {"budget": 5e8}, {"data": other}):
        judged(**{"data": data, "factories": {"new": Repeat}, "judge": judge_once} | changed)
        assert len(calls) > n, changed
        n = len(calls)
    monkeypatch.setattr(room, "_MAX_REMEMBERED", 1)
    judged(data, {"new": Repeat}, judge=judge_once)
    assert list(room._remembered.values()) == [found]


def test_one_tiny_class_does_not_keep_the_others_from_judging(data, answers):
    X, y = data.codec.decode(data.floats(), np.random.default_rng(0)), data.c.copy()
    y[:8] = 3  # eight images of a fourth class
    four = encode(X, y)
    answers(four, 0.4, 0.4, 0.95, 0.4, 0.4, 0.95, 0.4)
    assert judged(four, {"new": Repeat}, rare=np.array([2, 3])).shares == HALF


def test_when_the_budget_is_spent_nothing_else_is_tried(data, answers):
    calls = answers(data, 0.5)
    found = judged(data, {"new": Repeat}, budget=0.0)
    assert found.shares == {BASE: 1.0} and not found.trials and not calls
    assert "judge_budget was spent before new was tried" in str(found)


def test_every_trial_is_logged_and_the_judgement(data, answers, caplog):
    answers(data, 0.4, 0.4, 0.95)
    with caplog.at_level(logging.INFO, logger="ganaug"):
        judged(data, {"new": Repeat}, budget=60)
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "judge, round 1 of 2, 1 of 1",
        "judge, round 2 of 2, 1 of 2",
        "judge, round 2 of 2, 2 of 2",
        "sources of new images",
    ]
    assert "0.5 new + 0.5 repeat +" in caplog.records[0].message and "of at most 60 s" in caplog.records[0].message


def test_photos_of_three_objects_are_less_sure_than_thirty_photos():
    right, n = np.r_[1.0, 0.0, 1.0], np.full(3, 10)
    many, few = ([np.stack([np.repeat(right, k), np.full(3 * k, 10 / k)])] for k in (10, 1))
    few[0][0] *= 10
    (gain, error), (same, larger) = room._pooled(many), room._pooled(few)
    assert gain == pytest.approx(same) and gain == pytest.approx(2 / 3) and larger > 2.5 * error
    assert n.sum() == few[0][1].sum() == many[0][1].sum()


def test_gains_are_shrunk_by_their_errors():
    sure, unsure = Trial({"a": 1.0}, 0.1, 0.001, 900), Trial({"b": 1.0}, 0.1, 0.1, 20)
    assert unsure.shrunk < 0.01 < 0.099 < sure.shrunk
    assert str(Trial({"a": 0.5, "b": 0.5}, 0.0215, 0.01, 9)) == "0.5 a + 0.5 b +2.1 ± 1.0"
    assert str(Judgement({"a": 1.0}, why="as asked")) == "as asked"


def test_what_changes_no_class_is_heard_for_all_classes_and_handed_over(data, answers, monkeypatch):
    drawn = []
    made = Symmetry.make
    monkeypatch.setattr(
        Symmetry, "make", lambda self, own, n, rng: drawn.append((len(own), n)) or made(self, own, n, rng)
    )
    answers(
        data, 0.5, 0.5, 0.9, 0.5, 0.5, 0.9, 0.5, 0.8
    )  # repeats, half turned; repeats, half turned, all turned, all classes turned
    found = judged(data, {"symmetry": Symmetry})
    assert found.shares == {"symmetry": 0.5, BASE: 0.5} and "symmetry for all classes +" in str(found)
    (most, of_most), *others = drawn[-3:]
    assert of_most == round(most / 2)  # half of the largest class; of the others, what they lack
    assert all(made == most - own for own, made in others)
    image = torch.arange(12.0).view(1, 3, 4)
    seen = {tuple(found.augmentation()(image).flatten().tolist()) for _ in range(50)}
    assert len(seen) == 4  # half turns and mirrors: the image is not square


def test_without_a_gain_for_all_classes_the_augmentation_changes_nothing():
    trials = Trial({"symmetry": 1.0}, 0.01, 0.02, 90, everywhere=True), Trial({"symmetry": 1.0}, 0.2, 0.02, 90)
    image = torch.arange(12.0).view(1, 3, 4)
    for found in (Judgement({"symmetry": 1.0}, trials), Judgement({BASE: 1.0})):
        assert all(torch.equal(found.augmentation()(image), image) for _ in range(20))


def test_large_images_are_reduced():
    images = np.arange(2 * 64 * 48, dtype=np.float32).reshape(2, 1, 64, 48)
    reduced = room.reduce_size(images)
    assert reduced.shape == (2, 1, 32, 32) and reduced.mean() == pytest.approx(images.mean())
    assert room.reduce_size(images[:, :, :20, :20]).shape == (2, 1, 20, 20)
