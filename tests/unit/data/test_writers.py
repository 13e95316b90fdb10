import hashlib
import unicodedata

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, strategies as st
from PIL import Image
from scipy import sparse

from ganaug.core.errors import SchemaError
from ganaug.data.codec import fit_codec
from ganaug.data.readers import read
from ganaug.data.writers import CSVWriter, ImageFolderWriter, folder_names

RNG = np.random.default_rng(0)


def digests_on_disk(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


class TestImageFolderWriter:
    @pytest.mark.parametrize("shape", [(5, 8, 6), (5, 8, 6, 3), (5, 3, 8, 6)])
    def test_reads_back_with_the_same_pixels(self, tmp_path, shape):
        X = RNG.integers(0, 256, shape, dtype=np.uint8)
        writer = ImageFolderWriter(tmp_path, fit_codec(X), ["cat", "dog"], "target")
        writer.write("dog", X[:2])
        writer.write("cat", X[2:3])
        writer.write("dog", X[3:])
        digests = writer.close()
        assert digests == digests_on_disk(tmp_path)
        dataset = read(tmp_path)
        expected = np.moveaxis(X, 1, -1) if shape[1] == 3 else X
        np.testing.assert_array_equal(dataset.X, expected[[2, 0, 1, 3, 4]])
        assert dataset.y.tolist() == ["cat"] + ["dog"] * 4

    def test_rgba(self, tmp_path):
        X = RNG.integers(0, 256, (1, 8, 8, 4), dtype=np.uint8)
        writer = ImageFolderWriter(tmp_path, fit_codec(X), [0], "target")
        writer.write(0, X)
        with Image.open(tmp_path / "0" / "000000.png") as image:
            assert image.mode == "RGBA"
            np.testing.assert_array_equal(np.asarray(image), X[0])

    def test_pil_images(self, tmp_path):
        X = RNG.integers(0, 256, (2, 8, 8), dtype=np.uint8)
        images = [Image.fromarray(pixels) for pixels in X]
        ImageFolderWriter(tmp_path, fit_codec(images), [0], "target").write(0, images)
        np.testing.assert_array_equal(read(tmp_path).X, X)

    @pytest.mark.parametrize(("top", "dtype"), [(1.0, np.float32), (16, np.float64), (4095, np.uint16)])
    def test_range_of_the_data_is_stretched(self, tmp_path, top, dtype):
        X = np.linspace(0, top, 64).reshape(1, 8, 8).astype(dtype)
        ImageFolderWriter(tmp_path, fit_codec(X), [0], "target").write(0, X)
        written = read(tmp_path).X[0].astype(float)
        np.testing.assert_allclose(written, X[0] / top * 255, atol=0.6)

    def test_odd_classes_stay_inside(self, tmp_path):
        inside = tmp_path / "out"
        inside.mkdir()
        labels = ["..", "../../etc", "a/b", "/abs", "", "CON", ".", "c:\\d", "x\n"]
        X = np.zeros((1, 8, 8), dtype=np.uint8)
        writer = ImageFolderWriter(inside, fit_codec(X), labels, "target")
        for label in labels:
            writer.write(label, X)
        assert len(writer.close()) == len(labels)
        assert [path.name for path in tmp_path.iterdir()] == ["out"]
        assert len(list(inside.iterdir())) == len(labels)
        assert len(list(inside.glob("*/000000.png"))) == len(labels)


class TestFolderNames:
    @given(st.lists(st.text(max_size=12), min_size=1, max_size=3, unique=True))
    @example(["..", "%2E%2E"])
    @example([".", "%2E"])
    @example(["CON", "%43ON"])
    @example(["a/b", "a%2Fb"])
    def test_any_text_is_exactly_one_folder(self, tmp_path_factory, labels):
        target = tmp_path_factory.mktemp("names")
        try:
            names = folder_names(labels)
        except SchemaError:
            alike = {unicodedata.normalize("NFC", label).casefold() for label in labels}
            assert len(alike) < len(labels) or {"", "\x00"} <= set(labels)
            return
        assert list(names) == labels
        for name in names.values():
            assert name == name.rstrip(". ")
            assert not set('/\\:*?"<>|') & set(name)
            (target / name).mkdir()
        made = list(target.iterdir())
        assert len(made) == len(labels)
        assert sorted(path.name for path in made) == sorted(names.values())

    @pytest.mark.parametrize("label", ["cat", "3", "teardrop cell", "Ünïcode 猫", "a.b", "-1"])
    def test_plain_names_stay(self, label):
        assert folder_names([label]) == {label: label}

    @pytest.mark.parametrize("label", [3, -1, 2.5, True])
    def test_labels_that_are_not_text(self, label):
        assert folder_names([label]) == {label: str(label)}

    @pytest.mark.parametrize("reserved", ["CON", "nul", "com1", "aux.txt"])
    def test_device_names_of_windows(self, reserved):
        assert folder_names([reserved])[reserved].startswith("%")

    @pytest.mark.parametrize(
        "labels", [("café", "cafe\u0301"), ("Cat", "cat"), (1, "1"), (True, "True")], ids=["nfc", "case", "int", "bool"]
    )
    def test_names_that_some_file_system_confuses(self, labels):
        with pytest.raises(SchemaError, match="would share the folder .*rename one"):
            folder_names(labels)


class TestCSVWriter:
    def written(self, folder, X, *chunks, target="is_fraud"):
        writer = CSVWriter(folder, fit_codec(X), [label for label, _ in chunks], target)
        for label, chunk in chunks:
            writer.write(label, chunk)
        assert writer.close() == digests_on_disk(folder)
        return pd.read_csv(folder / "synthetic.csv")

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
        back = self.written(tmp_path, X, ("yes", X[:2]), ("no", X[2:]))
        assert list(back.columns) == [*X.columns, "is_fraud"]
        assert back.pop("is_fraud").tolist() == ["yes"] * 2 + ["no"] * 4
        pd.testing.assert_frame_equal(back.astype({"f32": np.float32}), X, check_exact=True)

    def test_index_of_a_chunk_is_not_written(self, tmp_path):
        X = pd.DataFrame({"a": [1, 2, 3], "b": [4.5, 5.5, 6.5]}, index=[7, 7, 9])
        back = self.written(tmp_path, X, (0, X), (1, X))
        assert back.shape == (6, 3)
        assert back["a"].tolist() == [1, 2, 3] * 2
        assert back["is_fraud"].tolist() == [0] * 3 + [1] * 3

    @pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix, sparse.csc_matrix, lambda X: X.tolist()])
    def test_arrays_have_numbered_columns(self, tmp_path, container):
        dense = RNG.normal(size=(5, 3)) * (RNG.random((5, 3)) > 0.4)
        X = container(dense)
        back = self.written(tmp_path, X, ("x", X), target="target")
        assert list(back.columns) == ["0", "1", "2", "target"]
        np.testing.assert_array_equal(back[["0", "1", "2"]].to_numpy(), dense)

    def test_reader_reads_what_was_written(self, tmp_path):
        X = pd.DataFrame({"a": [1, 2], "b": ["u", "v"]})
        self.written(tmp_path, X, ("yes", X))
        dataset = read(tmp_path / "synthetic.csv")
        pd.testing.assert_frame_equal(dataset.X, X)
        assert dataset.y.name == "is_fraud"
