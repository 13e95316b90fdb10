import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, rotate
from scipy.stats import mannwhitneyu

from ganaug.data.codec import Span
from ganaug.data.image.kind import IMAGE
from ganaug.evaluation.privacy.answer import (
    EXACT,
    LOSS,
    MEMBERSHIP,
    NEAR_DUPLICATES,
    RATIO,
    WARNING,
    adversarial_accuracy,
    answer_privacy,
    membership,
)
from ganaug.evaluation.samples import Samples

NAMES = {0: "usual", 1: "rare"}


def plain(encoded):
    yield "as it is", encoded.reshape(len(encoded), -1)


def samples(rows, c):
    encoded = np.asarray(rows, dtype=np.float32)
    return Samples(encoded, np.asarray(c), encoded.astype(float), None, (Span(0, encoded.shape[1], "identity", 0),))


def two_classes(n, seed, dim=5):
    rng = np.random.default_rng(seed)
    c = np.repeat([0, 1], [n, n // 4])
    return samples(rng.normal(size=(len(c), dim)) + 3 * c[:, None], c)


def judged(made):
    return answer_privacy(two_classes(400, 0), two_classes(400, 1), made, NAMES, np.random.default_rng(0), plain)


def test_new_draws_are_no_copies():
    found = judged(two_classes(400, 2))
    assert found.verdict.grade == "good"
    assert found[EXACT].value == 0
    assert found[RATIO].value == pytest.approx(1, abs=0.08)
    assert found[MEMBERSHIP].low < 0.5 < found[MEMBERSHIP].high
    assert abs(found[LOSS].value) < 0.05
    assert WARNING in found.notes


def test_copies_are_called_copies():
    found = judged(two_classes(400, 0))
    assert (found.verdict.grade, found.verdict.words) == ("bad", "copies training samples")
    assert "100.0% of the synthetic samples" in found.verdict.because
    assert found[EXACT].value == 1 and found[EXACT].real == 0
    assert found[RATIO].value == 0
    assert found[LOSS].value > 0.4


@pytest.mark.parametrize("distance", [1e-3, 0.1])
def test_copies_that_were_moved_a_little_are_caught_by_the_attack(distance):
    original = two_classes(400, 0)
    moved = original.encoded + distance * np.random.default_rng(3).normal(size=original.encoded.shape)
    found = judged(samples(moved, original.c))
    assert (found.verdict.grade, found.verdict.words) == ("bad", "gives training samples away")
    assert found[MEMBERSHIP].low > 0.6
    assert found[NEAR_DUPLICATES].value > 0.6 and found[NEAR_DUPLICATES].real < 0.05


def test_one_memorised_class_among_many_decides():
    fresh, copied = two_classes(400, 2), two_classes(400, 0)
    made = samples(
        np.r_[fresh.of_class(0).encoded, copied.of_class(1).encoded], np.r_[fresh.of_class(0).c, copied.of_class(1).c]
    )
    found = judged(made)
    assert found.verdict.grade == "bad"
    assert found["rare", EXACT].value == 1 and found["usual", EXACT].value == 0
    assert found["rare", MEMBERSHIP].low > 0.9 and found["usual", MEMBERSHIP].low < 0.5


def test_data_that_repeat_themselves_are_no_proof_of_copying():
    def discrete(seed):
        rng = np.random.default_rng(seed)
        return samples(rng.integers(0, 4, (400, 3)), np.repeat([0, 1], 200))

    found = answer_privacy(discrete(0), discrete(1), discrete(2), NAMES, np.random.default_rng(0), plain)
    assert found[EXACT].value > 0.5
    assert found.verdict.grade == "good"


def test_a_class_too_small_to_judge_is_named_and_none_leaves_the_question_open():
    def few(seed):
        return samples(np.random.default_rng(seed).normal(size=(60, 3)), np.repeat([0, 1], [55, 5]))

    found = answer_privacy(few(0), few(1), few(2), NAMES, np.random.default_rng(0), plain)
    assert any("Privacy of rare is not judged" in note for note in found.notes)
    tiny = samples(np.zeros((4, 2)), [0, 0, 1, 1])
    assert answer_privacy(tiny, tiny, tiny, NAMES, np.random.default_rng(0), plain).verdict.grade == "cannot be judged"


def test_membership_is_the_rank_statistic():
    rng = np.random.default_rng(0)
    members, others = rng.exponential(size=50), rng.exponential(size=70) + 0.2
    expected = mannwhitneyu(-members, -others).statistic / (50 * 70)
    assert membership(members, others)[0] == pytest.approx(expected, abs=1e-9)
    assert membership(np.zeros(20), np.ones(20))[0] == 1


def test_adversarial_accuracy_follows_the_paper():
    rng = np.random.default_rng(0)
    real, made = rng.normal(size=(40, 3)), rng.normal(size=(40, 3)) + 0.3

    def nearest(a, b, own):
        d = np.linalg.norm(a[:, None] - b[None], axis=2)
        return (d + (np.eye(len(a)) * 1e9 if own else 0)).min(1)

    first = (nearest(real, made, False) > nearest(real, real, True)).mean()
    second = (nearest(made, real, False) > nearest(made, made, True)).mean()
    assert adversarial_accuracy(real, made) == pytest.approx((first + second) / 2, abs=1e-12)
    assert adversarial_accuracy(real, made + 100) == 1
    assert adversarial_accuracy(real, real + 1e-9) == 0


def test_what_is_drawn_is_in_the_units_of_the_data():
    found = judged(two_classes(400, 2))
    to_training = found.drawn["to training"]
    assert set(to_training) == {"synthetic", "held out"} and set(found.drawn["to synthetic"]) == {
        "training",
        "held out",
    }
    own, learnt = two_classes(400, 2).of_class(0).encoded, two_classes(400, 0).of_class(0).encoded
    expected = np.linalg.norm(own[:, None] - learnt[None], axis=2).min(1)
    np.testing.assert_allclose(to_training["synthetic"][:400], expected, rtol=1e-4)


def smooth_images(n, seed):
    noise = np.random.default_rng(seed).normal(size=(n, 1, 32, 32))
    return gaussian_filter(noise, (0, 0, 3, 3)) * 6


@pytest.mark.parametrize("mirrored", [False, True])
def test_images_that_were_turned_a_little_are_found_in_features_and_new_ones_are_not(mirrored):
    def encoded(images):
        return Samples(images, np.zeros(len(images), int), images.reshape(len(images), -1), None, ())

    def judged(made):
        three = (encoded(images) for images in (smooth_images(120, 0), smooth_images(120, 1), made))
        return answer_privacy(*three, {0: "one"}, np.random.default_rng(0), IMAGE.disguises, IMAGE.lookalikes)

    turned = rotate(smooth_images(120, 0), 8, axes=(2, 3), reshape=False, mode="nearest", order=1)
    found = judged(turned[..., ::-1] if mirrored else turned)
    assert found.verdict.grade == "bad"
    words = "mirrored and moved or turned a little" if mirrored else "moved or turned a little"
    assert f"near duplicates of a training sample ({words})" in found.verdict.because
    assert judged(smooth_images(120, 2)).verdict.grade == "good"
