import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from ganaug.core.errors import SchemaError
from ganaug.data.readers import read


def test_gray_images_keep_their_pixels(folder, gray, gradient):
    gray(folder / "cat" / "1.png", gradient)
    gray(folder / "dog" / "deep" / "er" / "2.PNG", gradient.T.copy())
    (folder / "dog" / "notes.txt").write_text("no image")
    dataset = read(folder)
    assert dataset.X.dtype == np.uint8
    np.testing.assert_array_equal(dataset.X, [gradient, gradient.T])
    assert dataset.y.tolist() == ["cat", "dog"]
    assert dataset.y.dtype.kind == "U"
    assert str(folder) in dataset.source


def test_one_colour_image_makes_all_of_them_rgb(folder, gray, gradient):
    gray(folder / "cat" / "1.png")
    Image.new("RGB", (8, 8), (10, 20, 30)).save(folder / "dog" / "1.png")
    X = read(folder).X
    np.testing.assert_array_equal(X[0], np.repeat(gradient[..., None], 3, axis=-1))
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
def test_modes(folder, mode, colour, suffix, pixel):
    Image.new(mode, (8, 8), colour).save(folder / "cat" / f"1.{suffix}")
    assert read(folder).X[0, 3, 3].tolist() == pixel


def test_palette_is_looked_up(folder):
    image = Image.fromarray(np.tile(np.array([0, 1], dtype=np.uint8), (8, 4)), mode=None).convert("P")
    image.putpalette([200, 100, 50, 5, 6, 7])
    image.save(folder / "cat" / "1.png", transparency=bytes([0, 128]))
    X = read(folder).X
    assert X[0, 0, :2].tolist() == [[200, 100, 50], [5, 6, 7]]


@pytest.mark.parametrize("suffix", ["png", "tif", "pgm"])
def test_sixteen_bits_become_eight_on_one_scale(folder, suffix, gradient):
    for name, values in (("1", gradient.astype(np.uint16) * 1040), ("2", gradient.astype(np.uint16))):
        if suffix == "pgm":
            (folder / "cat" / f"{name}.pgm").write_bytes(b"P5 8 8 65535\n" + values.astype(">u2").tobytes())
        else:
            Image.fromarray(values).save(folder / "cat" / f"{name}.{suffix}")
    bright, dark = read(folder).X
    np.testing.assert_array_equal(bright, np.round(gradient * (1040 / 257)))
    assert dark.max() == 0  # 63 of 65,535 is black, though it fits into eight bits


def test_float_pixels_are_left_out_with_the_reason(folder, gray, gradient):
    Image.fromarray(gradient.astype(np.float32) / 64).save(folder / "cat" / "1.tif")
    gray(folder / "dog" / "1.png")
    with pytest.warns(UserWarning, match=r"left out 1 unreadable of 2 images: cat.1\.tif \(float pixels"):
        assert read(folder).y.tolist() == ["dog"]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_exif_rotation_is_applied(folder, dtype, gradient):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees clockwise
    scale = 257 if dtype is np.uint16 else 1
    Image.fromarray(gradient.astype(dtype) * scale).save(folder / "cat" / "1.png", exif=exif)
    np.testing.assert_array_equal(read(folder).X[0], np.rot90(gradient, -1))


def test_unreadable_files_are_named_and_left_out(folder, gray):
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


def test_long_list_of_unreadable_files_is_shortened(folder, gray):
    gray(folder / "cat" / "good.png")
    for i in range(30):
        (folder / "dog" / f"{i:02d}.png").touch()
    with pytest.warns(UserWarning, match="left out 30 unreadable of 31") as caught:
        read(folder)
    assert "04.png" in str(caught[0].message)
    assert "05.png" not in str(caught[0].message)


def test_image_too_large_to_open_is_left_out(folder, gray):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"0")) + chunk(b"IEND", b"")
    (folder / "cat" / "slide.png").write_bytes(content)
    gray(folder / "cat" / "1.png")
    with pytest.warns(UserWarning, match="slide.png"):
        assert len(read(folder).X) == 1


def test_several_sizes_name_the_option_that_helps(folder, gray):
    gray(folder / "cat" / "1.png", np.full((8, 8), 9, dtype=np.uint8))
    gray(folder / "dog" / "1.png", np.full((10, 6), 9, dtype=np.uint8))
    with pytest.raises(SchemaError, match="2 sizes.*6 × 10.*8 × 8.*image_size"):
        read(folder)
    resized = read(folder, image_size=(4, 5)).X
    assert resized.shape == (2, 4, 5)
    assert (resized == 9).all()


def test_hidden_files_and_folders_are_skipped(folder, gray):
    gray(folder / "cat" / "1.png")
    gray(folder / ".git" / "1.png")
    gray(folder / "cat" / ".ipynb_checkpoints" / "1.png")
    (folder / "cat" / "._1.png").write_bytes(b"what macOS leaves")
    dataset = read(folder)
    assert dataset.y.tolist() == ["cat"]


def test_folder_that_is_itself_inside_a_hidden_one(tmp_path, gray):
    gray(tmp_path / ".cache" / "data" / "cat" / "1.png")
    assert len(read(tmp_path / ".cache" / "data").X) == 1


@pytest.mark.parametrize("layout", ["nothing", "class folders only", "images without class folders"])
def test_nothing_to_read(tmp_path, layout, gray):
    if layout == "class folders only":
        (tmp_path / "cat").mkdir()
    elif layout == "images without class folders":
        gray(tmp_path / "1.png")
    with pytest.raises(SchemaError, match="no images in .*one subfolder per class"):
        read(tmp_path)


def test_class_folder_whose_name_is_not_utf8(folder, gray):
    gray(folder / "cat" / "1.png")
    try:
        (folder / "caf\udce9").mkdir()
    except OSError:
        pytest.skip("this file system holds UTF-8 names only")
    with pytest.raises(SchemaError, match="not UTF-8; rename"):
        read(folder)
