import numpy as np

from ganaug.evaluation.privacy.nearest import nearest_pairs, nearest_samples


def test_copies_come_first_each_with_its_original():
    rng = np.random.default_rng(0)
    training, made = rng.normal(size=(50, 4, 4)), rng.normal(size=(300, 4, 4))
    made[[7, 200]] = training[[31, 4]] + 1e-6
    near, to = nearest_pairs(training, made)
    assert len(near) == len(to) == 10
    assert {(7, 31), (200, 4)} == set(zip(near[:2].tolist(), to[:2].tolist(), strict=True))
    assert len(set(to.tolist())) == 10
    apart = np.linalg.norm((made[near] - training[to]).reshape(10, -1), axis=1)
    every = np.linalg.norm((made[:, None] - training[None]).reshape(300, 50, -1), axis=2).min(1)
    assert (np.diff(apart) >= 0).all() and apart[0] == every.min()


def test_the_rarest_classes_are_shown():
    c = np.repeat(np.arange(8), np.arange(9, 1, -1))
    x = np.random.default_rng(0).normal(size=(len(c), 2))
    found = nearest_samples(len, (x, c), (x, c), {k: f"class {k}" for k in range(1, 8)})
    assert list(found["nearest synthetic"]) == [f"class {k}" for k in range(7, 1, -1)]
    assert found["nearest synthetic"] == found["nearest training"]
