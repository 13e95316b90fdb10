import numpy as np
import pytest

from ganaug.evaluation.privacy.near_leaks import find_near_leaks

NAMES = {0: "usual", 1: "rare"}


def plain(encoded):
    yield "as it is", encoded.reshape(len(encoded), -1)


def rows(seed, n=150):
    c = np.repeat([0, 1], [n, n // 3])
    return np.random.default_rng(seed).normal(size=(len(c), 6)) + 5 * c[:, None], c


def leaks(training, held_out, made):
    return list(find_near_leaks(training, held_out, made, NAMES, plain))


def nearly(data, share, seed):
    """The data, of which some come from another set, moved a little."""
    x, c = rows(seed)
    n = int(share * len(c))
    places = np.random.default_rng(9).permutation(len(c))[:n]
    x[places] = data[0][places] + 1e-3 * np.random.default_rng(8).normal(size=(n, 6))
    return x, c


def test_three_draws_of_one_distribution_do_not_leak():
    assert leaks(rows(0), rows(1), rows(2)) == []


def test_held_out_rows_that_were_learnt_in_another_form_are_found_in_every_class():
    training = rows(0)
    said = leaks(training, nearly(training, 0.8, 1), rows(2))
    assert len(said) == 2
    assert all("near duplicates of a training sample: nothing can be judged" in text for text in said)
    assert "class usual" in said[0] and "class rare" in said[1]


def test_synthetic_rows_made_from_the_held_out_ones_are_found():
    held_out = rows(1)
    said = leaks(rows(0), held_out, nearly(held_out, 0.8, 2))
    assert said and all("what made these has seen the held-out data" in text for text in said)


@pytest.mark.parametrize("n", [1, 3])
def test_classes_too_small_to_have_a_typical_distance_are_passed_over(n):
    training = rows(0, n)
    assert leaks(training, training, training) == []
