import numpy as np
import pytest

from ganaug.data.image.disguises import disguises
from ganaug.evaluation.privacy.near_duplicates import Index, Reference, crowded, find_crowd, find_excess


def plain(encoded):
    yield "as it is", encoded.reshape(len(encoded), -1)


def rows(n, seed):
    return np.random.default_rng(seed).normal(size=(n, 5))


def test_the_two_nearest_are_those_of_brute_force():
    index, asked = Index(rows(50, 0), plain), rows(20, 1)
    found = index.nearest(asked)
    distances = np.linalg.norm(asked[:, None] - index.samples[None], axis=2)
    assert np.array_equal(found.index, distances.argsort(1)[:, :2])
    np.testing.assert_allclose(found.distances, np.sort(distances, 1)[:, :2])


def test_a_sample_of_the_set_is_not_its_own_neighbour():
    index = Index(rows(50, 0), plain)
    found = index.nearest(index.samples, own=np.arange(50))
    assert (found.index[:, 0] != np.arange(50)).all() and (found.distances > 0).all()


def test_copies_in_disguise_are_near_and_named():
    images = np.random.default_rng(0).uniform(-1, 1, (30, 1, 8, 8)).astype(np.float32)
    found = Reference(images, disguises).closeness(images[..., ::-1].copy())
    assert found.count(0.05) == 30 and found.form(0.05) == "mirrored"


@pytest.mark.parametrize(("copied", "sure"), [(0, False), (40, True)])
def test_more_near_duplicates_than_real_samples_have_are_an_excess(copied, sure):
    training = rows(200, 0)
    reference = Reference(training, plain)
    made = rows(200, 2)
    made[:copied] = training[:copied] + 1e-3
    excess = find_excess(reference.closeness(made), [reference.closeness(rows(200, 1)), reference.own_closeness()])
    assert (excess.low > 0.05) is sure
    assert excess.rate >= copied / 200


def test_many_copies_of_one_sample_are_no_chance():
    training = rows(200, 0)
    reference = Reference(training, plain)
    usual = [reference.closeness(rows(200, 1))]
    made = rows(200, 2)
    assert not crowded(find_crowd(reference.closeness(made), usual)[1])
    made[:30] = training[7] + 1e-3 * rows(30, 3)
    n, chance = find_crowd(reference.closeness(made), usual)
    assert n >= 30 and crowded(chance)
