import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from ganaug.core.errors import SchemaError
from ganaug.data.readers import read

RNG = np.random.default_rng(0)
EXACT = {"float_precision": "round_trip"} if pd.__version__ < "3" else {}  # later ones always are


@pytest.fixture
def read_back(written):
    """Write rows, and read them as pandas does."""

    def there_and_back(folder, X, shards, **settings):
        written(folder, "csv", X, shards, **settings)
        return pd.read_csv(folder / "all.csv", **EXACT)

    return there_and_back


class TestCSVWriter:
    def test_frame_reads_back_equal(self, tmp_path, read_back):
        X = pd.DataFrame(
            {
                "f": RNG.normal(size=6) * 10.0 ** np.arange(-9, 9, 3),
                "f32": RNG.normal(size=6).astype(np.float32),
                "i": [2**62, -3, 0, 1, 5, 6],
                "b": [True, False] * 3,
                "s": ["plain", "with, comma", 'with "quote"', "two\nlines", "windows\r\nline", "ünïcode"],
                "missing": [1.5, np.nan] * 3,
            }
        )
        back = read_back(tmp_path, X, {"yes": [X[:2]], "no": [X[2:4], X[4:]]})
        assert list(back.columns) == [*X.columns, "is_fraud"]
        assert back.pop("is_fraud").tolist() == ["yes"] * 2 + ["no"] * 4
        pd.testing.assert_frame_equal(back.astype({"f32": np.float32}), X, check_exact=True)

    @pytest.mark.parametrize("odd", ["a\rb", "\r", "a\r\nb", "\n", '"\r"', ",\r,"])
    def test_line_ends_inside_a_cell(self, tmp_path, odd, read_back):
        X = pd.DataFrame({"a": ["x", odd, "z"], "n": [1.5, np.nan, 3]})
        back = read_back(tmp_path, X, {odd: [X], "usual": [X[:1]]}, target="t\rarget")
        assert list(back.columns) == ["a", "n", "t\rarget"]
        assert back["a"].tolist() == ["x", odd, "z", "x"]
        assert back["t\rarget"].tolist() == [odd] * 3 + ["usual"]
        assert back["n"].isna().tolist() == [False, True, False, False]

    def test_formulas_are_escaped_where_asked(self, tmp_path, read_back):
        X = pd.DataFrame(
            {"=A1": ["=1+1", "@x", "+3", "-3", "\tx", "plain"], "c": pd.Categorical(["=1", "b"] * 3), "n": -1.5}
        )
        for name in ("plain", "escaped"):
            (tmp_path / name).mkdir()
        back = read_back(tmp_path / "plain", X, {"=yes": [X]})
        assert back["=A1"].tolist() == X["=A1"].tolist()
        back = read_back(tmp_path / "escaped", X, {"=yes": [X]}, escape_formulas=True)
        assert back["'=A1"].tolist() == ["'=1+1", "'@x", "'+3", "'-3", "'\tx", "plain"]
        assert back["c"].tolist() == ["'=1", "b"] * 3
        assert back["n"].tolist() == [-1.5] * 6
        assert back["is_fraud"].tolist() == ["'=yes"] * 6

    def test_index_of_a_chunk_is_not_written(self, tmp_path, read_back):
        X = pd.DataFrame({"a": [1, 2, 3], "b": [4.5, 5.5, 6.5]}, index=[7, 7, 9])
        back = read_back(tmp_path, X, {0: [X], 1: [X]})
        assert back.shape == (6, 3)
        assert back["a"].tolist() == [1, 2, 3] * 2
        assert back["is_fraud"].tolist() == [0] * 3 + [1] * 3

    @pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix, sparse.csc_matrix, lambda X: X.tolist()])
    def test_arrays_have_numbered_columns(self, tmp_path, container, read_back):
        dense = RNG.normal(size=(5, 3)) * (RNG.random((5, 3)) > 0.4)
        X = container(dense)
        back = read_back(tmp_path, X, {"x": [X]}, target="target")
        assert list(back.columns) == ["0", "1", "2", "target"]
        np.testing.assert_array_equal(back[["0", "1", "2"]].to_numpy(), dense)

    def test_reader_reads_what_was_written(self, tmp_path, written):
        X = pd.DataFrame({"a": [1, 2], "b": ["u", "v"]})
        written(tmp_path, "csv", X, {"yes": [X]})
        dataset = read(tmp_path / "yes" / "00000.csv", target="is_fraud")
        pd.testing.assert_frame_equal(dataset.X, X)
        assert dataset.y.name == "is_fraud"

    def test_target_that_is_called_like_a_column(self, tmp_path, written):
        X = pd.DataFrame({"a": [1, 2], "b": ["u", "v"]})
        with pytest.raises(SchemaError, match="rename"):
            written(tmp_path, "csv", X, {"yes": [X]}, target="b")
