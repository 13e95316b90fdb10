import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from ganaug.core.errors import SchemaError

RNG = np.random.default_rng(0)


class TestParquetWriter:
    def test_every_dtype_comes_back(self, tmp_path, mixed_frame, written):
        X, y = mixed_frame
        rare, usual = X[y == "rare"], X[y == "usual"]
        written(tmp_path, "parquet", X, {"rare": [rare[:9], rare[9:]], "usual": [usual]}, target="outcome")
        expected = pd.concat([rare, usual], ignore_index=True).assign(
            outcome=["rare"] * len(rare) + ["usual"] * len(usual)
        )
        expected["note"] = pd.Series(expected["note"].tolist())  # pandas 3 reads text that was object as str
        back = pd.read_parquet(tmp_path / "all.parquet")
        pd.testing.assert_frame_equal(back, expected)
        part = pd.read_parquet(tmp_path / "rare" / "00000.parquet")
        pd.testing.assert_frame_equal(part, expected[: len(rare)])

    def test_shards_are_one_table_even_where_a_shard_has_no_value(self, tmp_path, written):
        X = pd.DataFrame({"o": pd.Series(["x", None, None, None], dtype=object), "n": [1, 2, 3, 4]})
        written(tmp_path, "parquet", X, {"a": [X[:2]], "b": [X[2:]]})
        back = pd.read_parquet(sorted(str(path) for path in tmp_path.glob("*/*.parquet")))
        assert back["o"].fillna("").tolist() == ["x", "", "", ""]
        assert back["is_fraud"].tolist() == ["a", "a", "b", "b"]

    @pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix])
    def test_arrays(self, tmp_path, container, written):
        dense = RNG.normal(size=(5, 3)).astype(np.float32)
        X = container(dense)
        written(tmp_path, "parquet", X, {1: [X]}, target="y")
        back = pd.read_parquet(tmp_path / "all.parquet")
        np.testing.assert_array_equal(back[["0", "1", "2"]].to_numpy(), dense)
        assert back.dtypes.astype(str).tolist() == ["float32"] * 3 + ["int64"]

    def test_column_of_many_kinds_is_refused(self, tmp_path, written):
        pytest.importorskip("pyarrow")
        X = pd.DataFrame({"a": pd.Series(["x", 3, "y"], dtype=object)})
        with pytest.raises(SchemaError, match="column 'a' mixes kinds of values, .* write csv"):
            written(tmp_path, "parquet", X, {1: [X]})

    def test_missing_pyarrow_says_what_to_install(self, tmp_path, monkeypatch, written):
        monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
        X = pd.DataFrame({"a": [1, 2]})
        with pytest.raises(SchemaError, match=r"pip install 'ganaug\[parquet\]'"):
            written(tmp_path, "parquet", X, {1: [X]})
