import numpy as np
import pytest

pytest.importorskip("torchvision")

import ganaug
from ganaug import ConfigError, PoolError, PoolRefresh, SchemaError


class TestRefresh:
    def test_only_the_classes_that_go_badly_are_made_anew(self, gan, digit_images, tmp_path):
        X, y = digit_images
        pool = ganaug.make_pool(gan, 20, tmp_path / "p", random_state=0)
        before = {label: next(pool.chunks(label)) for label in (0, 1)}
        refresh = PoolRefresh(gan, pool, X, y, random_state=0, max_steps=2)
        assert refresh({0: 0.9, 1: 0.2}) == [1]
        assert np.array_equal(next(pool.chunks(0)), before[0])
        assert not np.array_equal(next(pool.chunks(1)), before[1])
        assert pool.counts == {0: 20, 1: 20}
        pool.verify()

    def test_starts_where_it_stopped(self, gan, digit_images, tmp_path, monkeypatch):
        starts = []
        real = ganaug.finetune

        def spy(start, *args, **named):
            starts.append(start)
            return real(start, *args, **named)

        monkeypatch.setattr("ganaug.loops.refresh.finetune", spy)
        refresh = PoolRefresh(
            gan, ganaug.make_pool(gan, 5, tmp_path / "p"), *digit_images, n_hard=2, random_state=0, max_steps=1
        )
        refresh({0: 0.1, 1: 0.2})
        refresh({0: 0.1, 1: 0.2})
        assert starts[0] is gan
        assert starts[1] is not gan
        assert starts[1].classes_.tolist() == [0, 1]

    def test_float_images_whose_class_spans_less(self, tmp_path):
        X = np.random.default_rng(0).integers(0, 17, (30, 8, 8)).astype(float)
        y = np.arange(30) % 2
        X[y == 1] /= 2
        gan = ganaug.train(X, y, max_steps=2, random_state=0)
        pool = ganaug.make_pool(gan, 5, tmp_path / "p", random_state=0)
        PoolRefresh(gan, pool, X, y, random_state=0, max_steps=1)({1: 0.0})
        assert next(pool.chunks(1)).max() <= 128

    def test_nonsense_is_refused(self, gan, digit_images, tmp_path):
        pool, (X, y) = ganaug.make_pool(gan, 2, tmp_path / "p"), digit_images
        with pytest.raises(SchemaError, match="recall is about"):
            PoolRefresh(gan, pool, X, y)({"cat": 0.1})
        with pytest.raises(ConfigError, match="n_hard"):
            PoolRefresh(gan, pool, X, y, n_hard=0)
        with pytest.raises(SchemaError, match="y has no 1"):
            PoolRefresh(gan, pool, X, y * 0)
        with pytest.raises(PoolError, match="same data"):
            PoolRefresh(gan, pool, X.repeat(2, 1), y, max_steps=1)({0: 0.1})
