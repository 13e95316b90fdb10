import hashlib

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import ganaug
from ganaug.core.errors import ConfigError, SchemaError
from ganaug.data.kind import fit_codec
from ganaug.data.readers import read
from ganaug.synthesis.plan import ClassPlan, Plan, folder_names
from ganaug.synthesis.synthesize import synthesize
from ganaug.synthesis.verify import verify
from ganaug.synthesis.writers import writer_for
from ganaug.synthesis.writers.csv import CSVWriter
from ganaug.synthesis.writers.frame import column_dtypes
from ganaug.synthesis.writers.images import ImageFolderWriter
from ganaug.synthesis.writers.npz import NpzWriter
from ganaug.synthesis.writers.parquet import ParquetWriter

RNG = np.random.default_rng(0)
WRITERS = {"images": ImageFolderWriter, "csv": CSVWriter, "parquet": ParquetWriter, "npz": NpzWriter}


def written(folder, output, X, shards, *, target="is_fraud", **settings):
    """Write chunks, given as {label: [chunk of the only shard, ...]}; return what `write` returned, joined."""
    codec = fit_codec(X)
    names = folder_names(list(shards))
    length = lambda chunk: chunk.shape[0] if hasattr(chunk, "shape") else len(chunk)  # noqa: E731
    classes = [
        ClassPlan(label=label, folder=names[label], index=i, n=sum(map(length, chunks)))
        for i, (label, chunks) in enumerate(shards.items())
    ]
    dtypes = column_dtypes(codec, np.array(list(shards)), target)
    plan = Plan(
        output=output,
        classes=tuple(classes),
        target=target,
        dtypes=dtypes,
        seed=0,
        shard_size=10**9,
        versions={},
        **settings,
    )
    writer = WRITERS[output](codec, plan)
    digests = {}
    for shard in plan.shards():
        (folder / shard.class_plan.folder).mkdir()
        digests |= writer.write(folder, shard, iter(shards[shard.class_plan.label]))
    files = (path for path in folder.rglob("*") if path.is_file())
    on_disk = {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    assert digests == on_disk
    if writer.suffix:
        writer.join([folder / name for name in digests], folder / f"all{writer.suffix}")
    return digests


class TestImageFolderWriter:
    @pytest.mark.parametrize("shape", [(5, 8, 6), (5, 8, 6, 3), (5, 3, 8, 6)])
    def test_reads_back_with_the_same_pixels(self, tmp_path, shape):
        X = RNG.integers(0, 256, shape, dtype=np.uint8)
        written(tmp_path, "images", X, {"cat": [X[2:3]], "dog": [X[:2], X[3:]]})
        dataset = read(tmp_path)
        expected = np.moveaxis(X, 1, -1) if shape[1] == 3 else X
        np.testing.assert_array_equal(dataset.X, expected[[2, 0, 1, 3, 4]])
        assert dataset.y.tolist() == ["cat"] + ["dog"] * 4

    def test_torchvision_reads_the_same_classes_and_the_plan_tells_their_order(self, tmp_path):
        from torchvision.datasets import ImageFolder

        labels = ["..", "a/b", "", "con", "x" * 300, "🙂", "café", "cafe\u0301", "\x00", "A", "a", "manifest.json", " "]
        X = np.arange(len(labels), dtype=np.uint8)[:, None, None] * np.ones((1, 8, 8), dtype=np.uint8)
        inside = tmp_path / "out"
        inside.mkdir()
        written(inside, "images", X, {label: [X[i : i + 1]] for i, label in enumerate(labels)})
        assert [path.name for path in tmp_path.iterdir()] == ["out"]
        found = ImageFolder(inside)
        label_of = {folder: label for label, folder in folder_names(labels).items()}
        said = {label_of[found.classes[c]]: np.asarray(image)[0, 0, 0] for image, c in found}
        assert said == {label: i for i, label in enumerate(labels)}

    def test_rgba(self, tmp_path):
        from PIL import Image

        X = RNG.integers(0, 256, (1, 8, 8, 4), dtype=np.uint8)
        written(tmp_path, "images", X, {0: [X]})
        with Image.open(tmp_path / "0" / "000000.png") as image:
            assert image.mode == "RGBA"
            np.testing.assert_array_equal(np.asarray(image), X[0])

    def test_pil_images(self, tmp_path):
        from PIL import Image

        X = RNG.integers(0, 256, (2, 8, 8), dtype=np.uint8)
        images = [Image.fromarray(pixels) for pixels in X]
        written(tmp_path, "images", images, {0: [images]})
        np.testing.assert_array_equal(read(tmp_path).X, X)

    @pytest.mark.parametrize(("top", "dtype"), [(1.0, np.float32), (16, np.float64), (4095, np.uint16)])
    def test_range_of_the_data_is_stretched(self, tmp_path, top, dtype):
        X = np.linspace(0, top, 64).reshape(1, 8, 8).astype(dtype)
        written(tmp_path, "images", X, {0: [X]})
        pixels = read(tmp_path).X[0].astype(float)
        np.testing.assert_allclose(pixels, X[0] / top * 255, atol=0.6)


class TestCSVWriter:
    def back(self, folder, X, shards, **settings):
        written(folder, "csv", X, shards, **settings)
        return pd.read_csv(folder / "all.csv", float_precision="round_trip")

    def test_frame_reads_back_equal(self, tmp_path):
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
        back = self.back(tmp_path, X, {"yes": [X[:2]], "no": [X[2:4], X[4:]]})
        assert list(back.columns) == [*X.columns, "is_fraud"]
        assert back.pop("is_fraud").tolist() == ["yes"] * 2 + ["no"] * 4
        pd.testing.assert_frame_equal(back.astype({"f32": np.float32}), X, check_exact=True)

    @pytest.mark.parametrize("odd", ["a\rb", "\r", "a\r\nb", "\n", '"\r"', ",\r,"])
    def test_line_ends_inside_a_cell(self, tmp_path, odd):
        X = pd.DataFrame({"a": ["x", odd, "z"], "n": [1.5, np.nan, 3]})
        back = self.back(tmp_path, X, {odd: [X], "usual": [X[:1]]}, target="t\rarget")
        assert list(back.columns) == ["a", "n", "t\rarget"]
        assert back["a"].tolist() == ["x", odd, "z", "x"]
        assert back["t\rarget"].tolist() == [odd] * 3 + ["usual"]
        assert back["n"].isna().tolist() == [False, True, False, False]

    def test_formulas_are_escaped_where_asked(self, tmp_path):
        X = pd.DataFrame(
            {"=A1": ["=1+1", "@x", "+3", "-3", "\tx", "plain"], "c": pd.Categorical(["=1", "b"] * 3), "n": -1.5}
        )
        for name in ("plain", "escaped"):
            (tmp_path / name).mkdir()
        back = self.back(tmp_path / "plain", X, {"=yes": [X]})
        assert back["=A1"].tolist() == X["=A1"].tolist()
        back = self.back(tmp_path / "escaped", X, {"=yes": [X]}, escape_formulas=True)
        assert back["'=A1"].tolist() == ["'=1+1", "'@x", "'+3", "'-3", "'\tx", "plain"]
        assert back["c"].tolist() == ["'=1", "b"] * 3
        assert back["n"].tolist() == [-1.5] * 6
        assert back["is_fraud"].tolist() == ["'=yes"] * 6

    def test_index_of_a_chunk_is_not_written(self, tmp_path):
        X = pd.DataFrame({"a": [1, 2, 3], "b": [4.5, 5.5, 6.5]}, index=[7, 7, 9])
        back = self.back(tmp_path, X, {0: [X], 1: [X]})
        assert back.shape == (6, 3)
        assert back["a"].tolist() == [1, 2, 3] * 2
        assert back["is_fraud"].tolist() == [0] * 3 + [1] * 3

    @pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix, sparse.csc_matrix, lambda X: X.tolist()])
    def test_arrays_have_numbered_columns(self, tmp_path, container):
        dense = RNG.normal(size=(5, 3)) * (RNG.random((5, 3)) > 0.4)
        X = container(dense)
        back = self.back(tmp_path, X, {"x": [X]}, target="target")
        assert list(back.columns) == ["0", "1", "2", "target"]
        np.testing.assert_array_equal(back[["0", "1", "2"]].to_numpy(), dense)

    def test_reader_reads_what_was_written(self, tmp_path):
        X = pd.DataFrame({"a": [1, 2], "b": ["u", "v"]})
        written(tmp_path, "csv", X, {"yes": [X]})
        dataset = read(tmp_path / "yes" / "00000.csv", target="is_fraud")
        pd.testing.assert_frame_equal(dataset.X, X)
        assert dataset.y.name == "is_fraud"

    def test_target_that_is_called_like_a_column(self, tmp_path):
        X = pd.DataFrame({"a": [1, 2], "b": ["u", "v"]})
        with pytest.raises(SchemaError, match="rename"):
            written(tmp_path, "csv", X, {"yes": [X]}, target="b")


class TestParquetWriter:
    def test_every_dtype_comes_back(self, tmp_path, mixed_frame):
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

    def test_shards_are_one_table_even_where_a_shard_has_no_value(self, tmp_path):
        X = pd.DataFrame({"o": pd.Series(["x", None, None, None], dtype=object), "n": [1, 2, 3, 4]})
        written(tmp_path, "parquet", X, {"a": [X[:2]], "b": [X[2:]]})
        back = pd.read_parquet(sorted(str(path) for path in tmp_path.glob("*/*.parquet")))
        assert back["o"].fillna("").tolist() == ["x", "", "", ""]
        assert back["is_fraud"].tolist() == ["a", "a", "b", "b"]

    @pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix])
    def test_arrays(self, tmp_path, container):
        dense = RNG.normal(size=(5, 3)).astype(np.float32)
        X = container(dense)
        written(tmp_path, "parquet", X, {1: [X]}, target="y")
        back = pd.read_parquet(tmp_path / "all.parquet")
        np.testing.assert_array_equal(back[["0", "1", "2"]].to_numpy(), dense)
        assert back.dtypes.astype(str).tolist() == ["float32"] * 3 + ["int64"]

    def test_column_of_many_kinds_is_refused(self, tmp_path):
        pytest.importorskip("pyarrow")
        X = pd.DataFrame({"a": pd.Series(["x", 3, "y"], dtype=object)})
        with pytest.raises(SchemaError, match="column 'a' mixes kinds of values, .* write csv"):
            written(tmp_path, "parquet", X, {1: [X]})

    def test_missing_pyarrow_says_what_to_install(self, tmp_path, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
        X = pd.DataFrame({"a": [1, 2]})
        with pytest.raises(SchemaError, match=r"pip install 'ganaug\[parquet\]'"):
            written(tmp_path, "parquet", X, {1: [X]})


class TestNpzWriter:
    @pytest.mark.parametrize("shape", [(5, 8, 6), (5, 8, 6, 3), (5, 3, 8, 6)])
    @pytest.mark.parametrize("dtype", [np.uint8, np.float32])
    def test_images_keep_their_numbers(self, tmp_path, shape, dtype):
        X = (RNG.random(shape) * 200).astype(dtype)
        written(tmp_path, "npz", X, {"cat": [X[:2], X[2:3]], "teardrop": [X[3:]]})
        dataset = read(tmp_path / "all.npz")
        assert dataset.X.dtype == dtype
        np.testing.assert_array_equal(dataset.X, X)
        assert dataset.y.tolist() == ["cat"] * 3 + ["teardrop"] * 2
        np.testing.assert_array_equal(read(tmp_path / "cat" / "00000.npz").X, X[:3])

    def test_rows(self, tmp_path):
        X = pd.DataFrame({"a": [1, 2, 3], "b": [0.5, 1.5, np.nan]})
        written(tmp_path, "npz", X, {0: [X[:1]], 7: [X[1:]]})
        with np.load(tmp_path / "all.npz") as archive:
            np.testing.assert_array_equal(archive["X"], X.to_numpy())
            assert archive["y"].tolist() == [0, 7, 7]
            assert archive["columns"].tolist() == ["a", "b"]

    def test_bytes_do_not_depend_on_the_clock(self, tmp_path, monkeypatch):
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


class TestMixedWithRealSamples:
    """One file with real samples says which they are."""

    @pytest.mark.parametrize("suffix", ["csv", "parquet"])
    def test_rows(self, table_gan, tmp_path, suffix):
        X = np.random.default_rng(1).normal(size=(5, 2))
        out = tmp_path / f"o.{suffix}"
        synthesize(table_gan, {0: 3, 1: 4}, out, include_real=(X, [0, 1, 1, 0, 1]))
        frame = pd.read_csv(out) if suffix == "csv" else pd.read_parquet(out)
        assert list(frame.columns) == ["0", "1", "is_synthetic", "target"]
        assert frame["is_synthetic"].tolist() == [True] * 3 + [False] * 2 + [True] * 4 + [False] * 3
        np.testing.assert_allclose(frame[~frame["is_synthetic"]][["0", "1"]], X[[0, 3, 1, 2, 4]])
        dataset = read(out)
        assert list(dataset.X.columns) == ["0", "1"] and any("'is_synthetic'" in said for said in dataset.remarks)
        assert verify(out).intact

    def test_arrays(self, table_gan, gan, images, tmp_path):
        X = np.random.default_rng(1).normal(size=(5, 2))
        synthesize(table_gan, {0: 3, 1: 4}, tmp_path / "x.npz", include_real=(X, [0, 1, 1, 0, 1]))
        with np.load(tmp_path / "x.npz") as arrays:
            assert arrays["is_synthetic"].tolist() == [True] * 3 + [False] * 2 + [True] * 4 + [False] * 3
            assert arrays["X"].shape == (12, 2) and arrays["columns"].tolist() == ["0", "1"]
        synthesize(gan, {"dog": 3}, tmp_path / "i.npz", include_real=images)
        with np.load(tmp_path / "i.npz") as arrays:
            assert arrays["is_synthetic"].tolist() == [True] * 3 + [False] * 8

    def test_without_real_samples_there_is_no_mark(self, table_gan, tmp_path):
        synthesize(table_gan, 3, tmp_path / "o.csv")
        assert "is_synthetic" not in pd.read_csv(tmp_path / "o.csv").columns

    def test_a_column_of_that_name_is_refused(self, tmp_path):
        X = pd.DataFrame({"a": np.arange(20.0), "is_synthetic": np.arange(20) % 3})
        gan = ganaug.train(X, np.arange(20) % 2, max_steps=1, random_state=0)
        with pytest.raises(SchemaError, match="rename it"):
            synthesize(gan, 3, tmp_path / "o.csv", include_real=(X, np.arange(20) % 2))


class TestStyle:
    def test_semicolons_and_decimal_commas(self, table_gan, tmp_path):
        for name, style in (("de.csv", {"separator": ";", "decimal": ","}), ("en.csv", {})):
            synthesize(table_gan, 5, tmp_path / name, **style)
        assert ";" in (tmp_path / "de.csv").read_text() and "." not in (tmp_path / "de.csv").read_text()
        german, english = (read(tmp_path / name).X for name in ("de.csv", "en.csv"))
        pd.testing.assert_frame_equal(german, english)

    @pytest.mark.parametrize(
        ("out", "style", "says"),
        [
            ("o.npz", {"separator": ";"}, "no meaning for npz"),
            ("o.csv", {"decimal": ","}, "and not the same"),
            ("o.csv", {"separator": "::"}, "separator must be"),
        ],
    )
    def test_what_has_no_meaning_is_refused(self, table_gan, tmp_path, out, style, says):
        with pytest.raises(ConfigError, match=says):
            synthesize(table_gan, 3, tmp_path / out, **style)
        assert not list(tmp_path.iterdir())
