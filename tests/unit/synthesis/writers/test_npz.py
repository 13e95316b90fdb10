import numpy as np
import pandas as pd
import pytest

from ganaug.core.errors import SchemaError
from ganaug.data.kind import fit_codec
from ganaug.data.readers import read
from ganaug.synthesis.writers import writer_for

RNG = np.random.default_rng(0)


class TestNpzWriter:
    @pytest.mark.parametrize("shape", [(5, 8, 6), (5, 8, 6, 3), (5, 3, 8, 6)])
    @pytest.mark.parametrize("dtype", [np.uint8, np.float32])
    def test_images_keep_their_numbers(self, tmp_path, shape, dtype, written):
        X = (RNG.random(shape) * 200).astype(dtype)
        written(tmp_path, "npz", X, {"cat": [X[:2], X[2:3]], "teardrop": [X[3:]]})
        dataset = read(tmp_path / "all.npz")
        assert dataset.X.dtype == dtype
        np.testing.assert_array_equal(dataset.X, X)
        assert dataset.y.tolist() == ["cat"] * 3 + ["teardrop"] * 2
        np.testing.assert_array_equal(read(tmp_path / "cat" / "00000.npz").X, X[:3])

    def test_rows(self, tmp_path, written):
        X = pd.DataFrame({"a": [1, 2, 3], "b": [0.5, 1.5, np.nan]})
        written(tmp_path, "npz", X, {0: [X[:1]], 7: [X[1:]]})
        with np.load(tmp_path / "all.npz") as archive:
            np.testing.assert_array_equal(archive["X"], X.to_numpy())
            assert archive["y"].tolist() == [0, 7, 7]
            assert archive["columns"].tolist() == ["a", "b"]

    def test_bytes_do_not_depend_on_the_clock(self, tmp_path, monkeypatch, written):
        X = RNG.normal(size=(4, 2))
        digests = []
        for name in ("a", "b"):
            (tmp_path / name).mkdir()
            digests.append(written(tmp_path / name, "npz", X, {0: [X]}))
            monkeypatch.setattr("time.time", lambda: 2e9)
        assert digests[0] == digests[1]
        assert (tmp_path / "a" / "all.npz").read_bytes() == (tmp_path / "b" / "all.npz").read_bytes()

    def test_text_is_refused(self, tmp_path):
        X = pd.DataFrame({"a": ["x", "y"]})
        with pytest.raises(SchemaError, match="not numbers, which npz cannot hold; write csv or parquet"):
            writer_for("npz", fit_codec(X))
