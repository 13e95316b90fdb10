import numpy as np
import pytest
from ganaug.oversampling.selection import selected_rows

import ganaug
from ganaug.oversampling import selection


@pytest.fixture(scope="module")
def trained():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 1, (90, 3)), rng.normal(1.5, 1, (30, 3))])
    y = np.repeat([0, 1], [90, 30])
    gan = ganaug.train(X, y, max_steps=20, random_state=0)
    return gan, gan.codec.encode(X), y


def select(trained, n, **shares):
    settings = {"from_real": 0.5, "rejection": 0.2, **shares}
    return list(selected_rows(*trained, 1, n, np.random.default_rng(0), **settings))


@pytest.mark.parametrize("n", [1, 2, 7, 100])
@pytest.mark.parametrize("from_real", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("rejection", [0.0, 0.2, 0.9])
def test_exactly_as_many_as_asked(trained, n, from_real, rejection):
    (rows,) = select(trained, n, from_real=from_real, rejection=rejection)
    assert rows.shape == (n, 3) and rows.dtype == np.float32 and np.isfinite(rows).all()


def test_chunks_add_up_and_repeat_by_seed(trained, monkeypatch):
    monkeypatch.setattr(selection, "_CHUNK", 40)
    first, second = (select(trained, 100) for _ in range(2))
    assert [len(chunk) for chunk in first] == [40, 40, 20]
    np.testing.assert_array_equal(np.concatenate(first), np.concatenate(second))


def test_the_only_class_has_nothing_to_be_told_from(trained):
    gan, x, y = trained
    only = gan, x[y == 1], y[y == 1]
    (rows,) = selected_rows(*only, 1, 50, np.random.default_rng(0), from_real=0.5, rejection=0.2)
    assert len(rows) == 50


def test_both_sources_are_used_in_their_shares(trained):
    gan, x, y = trained
    (rows,) = select(trained, 100, from_real=0.25, rejection=0.0)
    own = x[y == 1]
    first, second = (own[i] for i in np.nonzero(~np.eye(len(own), dtype=bool)))
    line = (second - first) / np.linalg.norm(second - first, axis=1, keepdims=True)

    def beside(row):
        offset = row - first
        return np.linalg.norm(offset - (offset * line).sum(1, keepdims=True) * line, axis=1).min()

    between = [beside(row) < 1e-5 for row in rows]
    assert sum(between[75:]) == 25
    assert sum(between[:75]) < 10
