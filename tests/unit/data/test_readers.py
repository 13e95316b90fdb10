import struct
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ganaug.core.errors import SchemaError
from ganaug.data.readers import bundled_digits, read

GRADIENT = np.arange(64, dtype=np.uint8).reshape(8, 8)


@pytest.fixture
def folder(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "images" / name).mkdir(parents=True)
    return tmp_path / "images"


def gray(path, pixels=GRADIENT):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def table(path, text, encoding="utf-8"):
    path.write_text(text, encoding=encoding)
    return path


class TestImageFolder:
    def test_gray_images_keep_their_pixels(self, folder):
        gray(folder / "cat" / "1.png", GRADIENT)
        gray(folder / "dog" / "deep" / "er" / "2.PNG", GRADIENT.T.copy())
        (folder / "dog" / "notes.txt").write_text("no image")
        dataset = read(folder)
        assert dataset.X.dtype == np.uint8
        np.testing.assert_array_equal(dataset.X, [GRADIENT, GRADIENT.T])
        assert dataset.y.tolist() == ["cat", "dog"]
        assert dataset.y.dtype.kind == "U"
        assert str(folder) in dataset.source

    def test_one_colour_image_makes_all_of_them_rgb(self, folder):
        gray(folder / "cat" / "1.png")
        Image.new("RGB", (8, 8), (10, 20, 30)).save(folder / "dog" / "1.png")
        X = read(folder).X
        np.testing.assert_array_equal(X[0], np.repeat(GRADIENT[..., None], 3, axis=-1))
        assert X[1, 0, 0].tolist() == [10, 20, 30]

    @pytest.mark.parametrize(
        ("mode", "colour", "suffix", "pixel"),
        [
            ("1", 1, "png", 255),
            ("L", 77, "bmp", 77),
            ("LA", (77, 3), "png", 77),
            ("RGB", (1, 2, 3), "ppm", [1, 2, 3]),
            ("RGBA", (1, 2, 3, 0), "png", [1, 2, 3]),
            ("CMYK", (0, 0, 0, 0), "tif", [255, 255, 255]),
            ("CMYK", (0, 255, 255, 0), "tif", [255, 0, 0]),
        ],
    )
    def test_modes(self, folder, mode, colour, suffix, pixel):
        Image.new(mode, (8, 8), colour).save(folder / "cat" / f"1.{suffix}")
        assert read(folder).X[0, 3, 3].tolist() == pixel

    def test_palette_is_looked_up(self, folder):
        image = Image.fromarray(np.tile(np.array([0, 1], dtype=np.uint8), (8, 4)), mode=None).convert("P")
        image.putpalette([200, 100, 50, 5, 6, 7])
        image.save(folder / "cat" / "1.png", transparency=bytes([0, 128]))
        X = read(folder).X
        assert X[0, 0, :2].tolist() == [[200, 100, 50], [5, 6, 7]]

    @pytest.mark.parametrize("suffix", ["png", "tif", "pgm"])
    def test_sixteen_bits_become_eight_on_one_scale(self, folder, suffix):
        for name, values in (("1", GRADIENT.astype(np.uint16) * 1040), ("2", GRADIENT.astype(np.uint16))):
            if suffix == "pgm":
                (folder / "cat" / f"{name}.pgm").write_bytes(b"P5 8 8 65535\n" + values.astype(">u2").tobytes())
            else:
                Image.fromarray(values).save(folder / "cat" / f"{name}.{suffix}")
        bright, dark = read(folder).X
        np.testing.assert_array_equal(bright, np.round(GRADIENT * (1040 / 257)))
        assert dark.max() == 0  # 63 of 65,535 is black, though it fits into eight bits

    def test_float_pixels_are_left_out_with_the_reason(self, folder):
        Image.fromarray(GRADIENT.astype(np.float32) / 64).save(folder / "cat" / "1.tif")
        gray(folder / "dog" / "1.png")
        with pytest.warns(UserWarning, match=r"left out 1 unreadable of 2 images: cat.1\.tif \(float pixels"):
            assert read(folder).y.tolist() == ["dog"]

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_exif_rotation_is_applied(self, folder, dtype):
        exif = Image.Exif()
        exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees clockwise
        scale = 257 if dtype is np.uint16 else 1
        Image.fromarray(GRADIENT.astype(dtype) * scale).save(folder / "cat" / "1.png", exif=exif)
        np.testing.assert_array_equal(read(folder).X[0], np.rot90(GRADIENT, -1))

    def test_unreadable_files_are_named_and_left_out(self, folder):
        gray(folder / "cat" / "good.png")
        whole = (folder / "cat" / "good.png").read_bytes()
        (folder / "cat" / "text.jpg").write_text("not an image")
        (folder / "dog" / "cut.png").write_bytes(whole[: len(whole) // 2])
        (folder / "dog" / "empty.gif").touch()
        with pytest.warns(UserWarning, match="left out 3 unreadable of 4 images") as caught:
            dataset = read(folder)
        assert len(caught) == 1
        assert all(name in str(caught[0].message) for name in ("text.jpg", "cut.png", "empty.gif"))
        assert dataset.X.shape == (1, 8, 8)

    def test_long_list_of_unreadable_files_is_shortened(self, folder):
        gray(folder / "cat" / "good.png")
        for i in range(30):
            (folder / "dog" / f"{i:02d}.png").touch()
        with pytest.warns(UserWarning, match="left out 30 unreadable of 31") as caught:
            read(folder)
        assert "04.png" in str(caught[0].message)
        assert "05.png" not in str(caught[0].message)

    def test_image_too_large_to_open_is_left_out(self, folder):
        def chunk(kind, data):
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
        content = (
            b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"0")) + chunk(b"IEND", b"")
        )
        (folder / "cat" / "slide.png").write_bytes(content)
        gray(folder / "cat" / "1.png")
        with pytest.warns(UserWarning, match="slide.png"):
            assert len(read(folder).X) == 1

    def test_several_sizes_name_the_option_that_helps(self, folder):
        gray(folder / "cat" / "1.png", np.full((8, 8), 9, dtype=np.uint8))
        gray(folder / "dog" / "1.png", np.full((10, 6), 9, dtype=np.uint8))
        with pytest.raises(SchemaError, match="2 sizes.*6 × 10.*8 × 8.*image_size"):
            read(folder)
        resized = read(folder, image_size=(4, 5)).X
        assert resized.shape == (2, 4, 5)
        assert (resized == 9).all()

    def test_hidden_files_and_folders_are_skipped(self, folder):
        gray(folder / "cat" / "1.png")
        gray(folder / ".git" / "1.png")
        gray(folder / "cat" / ".ipynb_checkpoints" / "1.png")
        (folder / "cat" / "._1.png").write_bytes(b"what macOS leaves")
        dataset = read(folder)
        assert dataset.y.tolist() == ["cat"]

    def test_folder_that_is_itself_inside_a_hidden_one(self, tmp_path):
        gray(tmp_path / ".cache" / "data" / "cat" / "1.png")
        assert len(read(tmp_path / ".cache" / "data").X) == 1

    @pytest.mark.parametrize("layout", ["nothing", "class folders only", "images without class folders"])
    def test_nothing_to_read(self, tmp_path, layout):
        if layout == "class folders only":
            (tmp_path / "cat").mkdir()
        elif layout == "images without class folders":
            gray(tmp_path / "1.png")
        with pytest.raises(SchemaError, match="no images in .*one subfolder per class"):
            read(tmp_path)

    def test_class_folder_whose_name_is_not_utf8(self, folder):
        gray(folder / "cat" / "1.png")
        try:
            (folder / "caf\udce9").mkdir()
        except OSError:
            pytest.skip("this file system holds UTF-8 names only")
        with pytest.raises(SchemaError, match="not UTF-8; rename"):
            read(folder)


class TestNpz:
    @pytest.mark.parametrize("samples", ["images", "X", "x", "data"])
    @pytest.mark.parametrize("labels", ["labels", "y", "target"])
    def test_names(self, tmp_path, samples, labels):
        X, y = np.arange(12.0).reshape(4, 3), np.array([0, 1, 1, 0])
        np.savez(tmp_path / "d.npz", **{samples: X, labels: y, "other": np.zeros(2)})
        dataset = read(tmp_path / "d.npz")
        np.testing.assert_array_equal(dataset.X, X)
        np.testing.assert_array_equal(dataset.y, y)
        assert dataset.X.dtype == X.dtype

    def test_class_names_name_integer_labels(self, tmp_path):
        np.savez(tmp_path / "d.npz", X=np.eye(3), y=[1, 0, 1], class_names=np.array(["cat", "dog"]))
        assert read(tmp_path / "d.npz").y.tolist() == ["dog", "cat", "dog"]

    @pytest.mark.parametrize("y", [[1, 2, 1], [-1, 0, 1]])
    def test_class_names_that_do_not_fit_the_labels_are_not_used(self, tmp_path, y):
        np.savez(tmp_path / "d.npz", X=np.eye(3), y=y, class_names=np.array(["cat", "dog"]))
        assert read(tmp_path / "d.npz").y.tolist() == y

    def test_pickled_objects_are_refused(self, tmp_path):
        class Bomb:
            def __reduce__(self):
                return Path.touch, (tmp_path / "exploded",)

        np.savez(tmp_path / "d.npz", X=np.eye(1), y=np.array([Bomb()], dtype=object))
        with pytest.raises(SchemaError, match="plain arrays"):
            read(tmp_path / "d.npz")
        assert not (tmp_path / "exploded").exists()

    @pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9, 0.99])
    def test_truncated(self, tmp_path, share):
        np.savez_compressed(tmp_path / "d.npz", X=np.random.default_rng(0).normal(size=(50, 4)), y=np.zeros(50))
        whole = (tmp_path / "d.npz").read_bytes()
        (tmp_path / "d.npz").write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(SchemaError, match="d.npz"):
            read(tmp_path / "d.npz")

    def test_any_damaged_byte_is_a_schema_error_or_harmless(self, tmp_path):
        np.savez_compressed(tmp_path / "d.npz", X=np.eye(3), y=[0, 1, 1])
        whole = (tmp_path / "d.npz").read_bytes()
        refused = 0
        for i in range(0, len(whole), 3):
            damaged = bytearray(whole)
            damaged[i] ^= 0x21
            (tmp_path / "d.npz").write_bytes(damaged)
            try:
                read(tmp_path / "d.npz")
            except SchemaError:
                refused += 1
        assert refused > 20

    def test_single_array_under_the_wrong_suffix(self, tmp_path):
        with (tmp_path / "d.npz").open("wb") as handle:
            np.save(handle, np.eye(3))
        with pytest.raises(SchemaError, match="not a whole .npz"):
            read(tmp_path / "d.npz")

    @pytest.mark.parametrize(("arrays", "missing"), [({"y": [0]}, "images, X"), ({"X": [[0]]}, "labels, y"), ({}, "")])
    def test_missing_arrays_are_named(self, tmp_path, arrays, missing):
        np.savez(tmp_path / "d.npz", **arrays)
        with pytest.raises(SchemaError, match=f"none of the arrays {missing}.*it has {''.join(arrays) or 'nothing'}"):
            read(tmp_path / "d.npz")

    @pytest.mark.parametrize(
        ("X", "y"),
        [
            (np.eye(3), np.zeros(2)),
            (np.eye(3), np.zeros((3, 1))),
            (np.array(3), np.zeros(1)),
            (np.zeros((0, 8, 8)), np.zeros(0, dtype=int)),
        ],
    )
    def test_samples_and_labels_that_do_not_pair(self, tmp_path, X, y):
        np.savez(tmp_path / "d.npz", X=X, y=y, class_names=np.array(["cat"]))
        with pytest.raises(SchemaError, match="expected one label a sample"):
            read(tmp_path / "d.npz")

    def test_missing_labels(self, tmp_path):
        np.savez(tmp_path / "d.npz", X=np.eye(3), y=[0, np.nan, 1])
        with pytest.raises(SchemaError, match="1 missing labels"):
            read(tmp_path / "d.npz")


class TestCsv:
    @pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
    @pytest.mark.parametrize("before", ["", "\ufeff", "\n\n"])
    def test_separators(self, tmp_path, separator, before):
        rows = [("size", "kind", "label"), ("1.5", "a", "x"), ("2.5", "b", "y")]
        path = table(tmp_path / "d.csv", before + "".join(separator.join(row) + "\n" for row in rows))
        dataset = read(path)
        assert dataset.X["size"].tolist() == [1.5, 2.5]
        assert dataset.X["kind"].tolist() == ["a", "b"]
        assert dataset.y.name == "label"
        assert dataset.y.tolist() == ["x", "y"]

    def test_tsv_is_split_at_tabs_alone(self, tmp_path):
        dataset = read(table(tmp_path / "d.tsv", "a,b,c,d\tlabel\n1,2\tx\n3,4\ty\n"))
        assert dataset.X["a,b,c,d"].tolist() == ["1,2", "3,4"]

    def test_target_by_name_keeps_the_order_of_the_others(self, tmp_path):
        dataset = read(table(tmp_path / "d.csv", "a,fraud,b\n1,no,2\n3,yes,4\n"), target="fraud")
        assert list(dataset.X.columns) == ["a", "b"]
        assert dataset.y.tolist() == ["no", "yes"]
        assert "'fraud'" in dataset.source

    def test_dtypes(self, tmp_path):
        text = "i,f,s,b,m,label\n1,1.5,u,True,,0\n2,2.5,v,False,3,1\n"
        dataset = read(table(tmp_path / "d.csv", text))
        assert [str(dtype) for dtype in dataset.X.dtypes] == ["int64", "float64", "str", "bool", "float64"]
        assert dataset.X["m"].isna().tolist() == [True, False]
        assert dataset.y.dtype == np.int64

    def test_quoted_separator_quote_and_newline(self, tmp_path):
        frame = pd.DataFrame({"text": ["one\ntwo", 'say "a, b"'], "label": ["x", "y"]})
        frame.to_csv(tmp_path / "d.csv", index=False)
        assert read(tmp_path / "d.csv").X["text"].tolist() == frame["text"].tolist()

    def test_missing_labels(self, tmp_path):
        with pytest.raises(SchemaError, match="'label' of .* has 2 missing labels"):
            read(table(tmp_path / "d.csv", "a,label\n1,x\n2,\n3,NA\n"))

    def test_unknown_target_is_answered_with_a_guess(self, tmp_path):
        with pytest.raises(SchemaError, match="no column 'lable'; did you mean 'label'"):
            read(table(tmp_path / "d.csv", "a,label\n1,x\n"), target="lable")

    @pytest.mark.parametrize("text", ["", "\n\n", "a,label\n", "alone\n1\n2\n"])
    def test_no_table(self, tmp_path, text):
        with pytest.raises(SchemaError, match=r"d\.csv"):
            read(table(tmp_path / "d.csv", text))

    @pytest.mark.parametrize("text", ["a,label\n1,x\n2,y,z\n", 'a,label\n1,"x\n2,y\n'])
    def test_broken_table(self, tmp_path, text):
        with pytest.raises(SchemaError, match="cannot read .* as a table"):
            read(table(tmp_path / "d.csv", text))

    @pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
    def test_other_encodings_say_what_to_do(self, tmp_path, encoding):
        with pytest.raises(SchemaError, match="save it as UTF-8"):
            read(table(tmp_path / "d.csv", "name,label\ncafé,1\n", encoding))


def test_unknown_suffix_lists_what_can_be_read(tmp_path):
    for name in ("d.xlsx", "none"):
        (tmp_path / name).touch()
        with pytest.raises(SchemaError, match=r"\.csv, folders, \.npz, \.tsv"):
            read(tmp_path / name)


def test_suffix_may_be_upper_case(tmp_path):
    assert read(table(tmp_path / "D.CSV", "a,label\n1,x\n")).y.tolist() == ["x"]


def test_missing_path(tmp_path):
    with pytest.raises(SchemaError, match="no file or folder .*gone"):
        read(tmp_path / "gone")


def test_option_of_another_format(tmp_path, folder):
    path = table(tmp_path / "d.csv", "a,label\n1,x\n")
    with pytest.raises(SchemaError, match="image_size has no meaning"):
        read(path, image_size=(8, 8))
    with pytest.raises(SchemaError, match="target has no meaning"):
        read(folder, target="label")


def test_bundled_digits():
    digits = bundled_digits()
    assert digits.X.shape == (1797, 8, 8)
    assert sorted(set(digits.y.tolist())) == list(range(10))
    assert "digits" in digits.source
