import numpy as np
import pytest

from ganaug.core.errors import LeakageError, SchemaError
from ganaug.evaluation.privacy.leakage import RepeatedSamplesWarning, check_leaks, digests, twin_rate


def continuous(n, seed):
    return np.random.default_rng(seed).normal(size=(n, 5)).astype(np.float32)


def discrete(n, seed):
    """Few distinct values: about a fifth of the rows have a twin."""
    return np.random.default_rng(seed).integers(0, 9, (n, 3)).astype(np.float32)


def check(training, held_out, synthetic):
    return check_leaks(digests(training), digests(held_out), digests(synthetic))


def test_digests_tell_samples_apart_but_not_zero_from_minus_zero():
    rows = np.array([[0.0, 1.0], [-0.0, 1.0], [1.0, 0.0]], dtype=np.float32)
    first, second, third = digests(rows)
    assert first == second != third
    assert digests(rows.reshape(3, 1, 2, 1)) == [first, second, third]
    assert twin_rate([first, second, third]) == pytest.approx(2 / 3)


@pytest.mark.parametrize("draw", [continuous, discrete])
def test_the_whole_of_the_test_set_in_training_is_caught(draw):
    held_out = draw(200, 1)
    with pytest.raises(LeakageError, match="200 of 200 held-out samples .100.0%. are in the training data too"):
        check(np.concatenate([draw(400, 0), held_out]), held_out, draw(300, 2))


@pytest.mark.parametrize("draw", [continuous, discrete])
def test_a_leaking_part_is_caught(draw):
    held_out = draw(200, 1)
    leaked = held_out[:60]
    with pytest.raises(LeakageError, match="are in the training data too"):
        check(np.concatenate([draw(400, 0), leaked]), held_out, draw(300, 2))


def test_samples_made_by_something_that_saw_the_test_set_are_caught():
    held_out = continuous(200, 1)
    with pytest.raises(LeakageError, match="10 of 200 held-out samples .5.0%. are among the synthetic samples"):
        check(continuous(400, 0), held_out, np.concatenate([continuous(300, 2), held_out[:10]]))


def test_leaks_are_schema_errors_too():
    assert issubclass(LeakageError, SchemaError)


@pytest.mark.parametrize("seed", range(10))
def test_twins_that_any_such_data_have_are_a_warning(seed):
    with pytest.warns(RepeatedSamplesWarning, match="held-out samples equal training samples"):
        (said,) = check(discrete(400, seed), discrete(200, 100 + seed), discrete(300, 200 + seed))
    assert "of the training samples" in said


def test_a_stray_twin_is_a_warning_and_none_is_silence():
    training = continuous(400, 0)
    assert check(training, continuous(200, 1), continuous(300, 2)) == ()
    with pytest.warns(RepeatedSamplesWarning, match="1 of 200 held-out samples equal training samples, 0 others"):
        check(training, np.concatenate([continuous(199, 1), training[:1]]), continuous(300, 2))
