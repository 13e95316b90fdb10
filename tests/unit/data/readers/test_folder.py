import os
import struct
import unicodedata
import zlib

import numpy as np
import pytest

pytest.importorskip("PIL")

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


def test_image_of_98_megapixels_is_made_smaller_or_left_out_with_the_remedy(folder, gray):
    gray(folder / "dog" / "1.png", np.full((64, 64), 9, dtype=np.uint8))
    Image.new("1", (9_900, 9_900)).save(folder / "cat" / "slide.png")
    with pytest.warns(UserWarning, match="slide.png .9,900 × 9,900 pixels: give image_size"):
        assert read(folder).X.shape == (1, 64, 64)
    assert read(folder, image_size=(64, 64)).X.shape == (2, 64, 64)


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


def left_out(folder, **options):
    """Read, and return what was left out by name; the classes that remain."""
    with pytest.warns(UserWarning, match="left out"):
        dataset = read(folder, **options)
    return dict(dataset.skipped), dataset


def bmp(width, height):
    return b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, width, height, 1, 8, 0, 0, 0, 0, 0, 0)


class TestFaults:
    """Each fault is one file among good ones: it is left out with its reason, or an error under `strict`."""

    @pytest.fixture(autouse=True)
    def good(self, folder, gray):
        gray(folder / "cat" / "good.png")
        gray(folder / "dog" / "good.png")

    @pytest.fixture
    def faulty(self, folder):
        """Read with one faulty file; return the reason."""

        def check(name="cat/bad.png"):
            skipped, dataset = left_out(folder)
            assert list(skipped) == [name]
            assert dataset.y.tolist() == ["cat", "dog"]
            with pytest.raises(SchemaError, match=f"1 files of .* cannot be read: {name} "):
                read(folder, strict=True)
            return skipped[name]

        return check

    def test_truncated_jpeg(self, folder, faulty):
        path = folder / "cat" / "bad.jpg"
        Image.effect_noise((64, 64), 80).save(path)
        path.write_bytes(path.read_bytes()[:-500])
        assert "truncated" in faulty("cat/bad.jpg")

    def test_zero_bytes(self, folder, faulty):
        (folder / "cat" / "bad.png").touch()
        assert faulty() == "the file is empty"

    @pytest.mark.parametrize("side", [1, 3])
    def test_fewer_pixels_than_a_network_takes(self, folder, gray, faulty, side):
        gray(folder / "cat" / "bad.png", np.zeros((side, side), dtype=np.uint8))
        assert f"{side} × {side} pixels; at least 4" in faulty()

    @pytest.mark.parametrize(
        ("name", "content"),
        [("bad.ppm", b"P6 0 0 255\n"), ("bad.bmp", bmp(0, 0)), ("bad.gif", b"GIF89a" + bytes(7) + b";")],
    )
    def test_no_pixels(self, folder, faulty, name, content):
        (folder / "cat" / name).write_bytes(content)
        assert faulty(f"cat/{name}")

    @pytest.mark.parametrize("side", [12_000, 60_000])
    def test_decompression_bomb(self, folder, faulty, side):
        def chunk(kind, data):
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
        rows = zlib.compress(bytes((side // 8 + 1) * side)) if side == 12_000 else zlib.compress(b"0")
        png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
        assert len(png) < 100_000
        (folder / "cat" / "bad.png").write_bytes(png)
        assert "pixels" in faulty()

    def test_pipe_is_not_opened(self, folder, faulty):
        os.mkfifo(folder / "cat" / "bad.png")
        assert "a pipe" in faulty()

    def test_device_is_not_read(self, folder, faulty):
        (folder / "cat" / "bad.png").symlink_to("/dev/zero")
        assert "a device" in faulty()

    def test_link_to_nothing(self, folder, faulty):
        (folder / "cat" / "bad.png").symlink_to("gone.png")
        assert "No such file" in faulty()

    def test_link_to_itself(self, folder, faulty):
        (folder / "cat" / "bad.png").symlink_to("bad.png")
        assert "symbolic links" in faulty()

    @pytest.mark.parametrize(("up", "circle"), [(".", ""), ("..", ""), ("../..", "/images")])
    def test_link_to_a_folder_above(self, folder, faulty, up, circle):
        (folder / "cat" / "loop").symlink_to(up, target_is_directory=True)
        assert faulty(f"cat/loop{circle}") == "a link to a folder above it"

    def test_no_permission(self, folder, faulty, unprivileged):
        (folder / "cat" / "bad.png").touch()
        (folder / "cat" / "bad.png").write_bytes((folder / "cat" / "good.png").read_bytes())
        (folder / "cat" / "bad.png").chmod(0)
        with unprivileged(folder):
            assert faulty() == "Permission denied"

    def test_no_permission_for_a_folder(self, folder, faulty, gray, unprivileged):
        gray(folder / "cat" / "closed" / "1.png")
        (folder / "cat" / "closed").chmod(0)
        with unprivileged(folder):
            assert faulty("cat/closed") == "Permission denied"

    def test_content_that_crashes_a_decoder(self, folder, faulty):
        tiff = b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 256, 99, 2**31, 2**31) + bytes(4)
        (folder / "cat" / "bad.tif").write_bytes(tiff)
        assert faulty("cat/bad.tif")

    def test_folder_that_is_called_like_an_image(self, folder, gray):
        gray(folder / "cat" / "x.png" / "1.png", np.full((8, 8), 200, dtype=np.uint8))
        assert read(folder).y.tolist() == ["cat", "cat", "dog"]


def test_wrong_suffix_is_read_by_its_content(folder, gray, gradient):
    gray(folder / "cat" / "1.png").rename(folder / "cat" / "1.jpg")
    np.testing.assert_array_equal(read(folder).X[0], gradient)


def test_first_frame_of_an_animation_is_read_and_said(folder, gray, gradient):
    frames = [Image.fromarray(gradient), Image.fromarray(255 - gradient)]
    frames[0].save(folder / "cat" / "1.gif", save_all=True, append_images=frames[1:])
    frames[0].save(folder / "cat" / "2.tif", save_all=True, append_images=frames[1:])
    gray(folder / "dog" / "1.png")
    dataset = read(folder)
    assert dataset.y.tolist() == ["cat", "cat", "dog"]
    np.testing.assert_array_equal(dataset.X.reshape(3, 8, 8, -1)[1, ..., 0], gradient)
    assert "2 files hold several images; the first is read (cat/1.gif; cat/2.tif)" in dataset.remarks


def test_what_is_passed_over_is_said(folder, gray):
    gray(folder / "cat" / "1.png")
    gray(folder / "dog" / "1.png")
    gray(folder / "beside.png")
    (folder / "empty").mkdir()
    (folder / "notes").mkdir()
    for name in ("cat/a.txt", "cat/b.TXT", "dog/Thumbs", "notes/c.txt"):
        (folder / name).touch()
    dataset = read(folder)
    assert dataset.y.tolist() == ["cat", "dog"]
    assert dataset.remarks == (
        "class folder 'empty' has no image that can be read; the class is left out",
        "class folder 'notes' has no file that is named as an image; the class is left out",
        "passed over 4 files that are not named as images (3 .txt, 1 without a suffix)",
        "passed over 1 images that lie beside the class folders, in none of them",
    )


def test_class_of_which_nothing_can_be_read_is_named(folder, gray):
    gray(folder / "cat" / "1.png")
    (folder / "dog" / "1.png").touch()
    skipped, dataset = left_out(folder)
    assert any("class folder 'dog' has no image that can be read" in remark for remark in dataset.remarks)


def test_links_are_followed(folder, gray, tmp_path):
    gray(tmp_path / "elsewhere" / "1.png")
    gray(folder / "cat" / "1.png")
    (folder / "dog" / "1.png").symlink_to(tmp_path / "elsewhere" / "1.png")
    (folder / "owl").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert read(folder).y.tolist() == ["cat", "dog", "owl"]


@pytest.mark.parametrize("name", ["..cat", "...", "🦉", "a b'c\"d", "x" * 255, "CON", "-rf", "cat\nowl"])
def test_odd_class_names(folder, gray, name):
    gray(folder / "dog" / "1.png")
    if name.startswith("."):
        gray(folder / name / "1.png")
        assert read(folder).y.tolist() == ["dog"]  # hidden
    else:
        gray(folder / name / "1.png")
        assert set(read(folder).y) == {"dog", name}


def test_twins_that_look_the_same_are_refused(folder, gray):
    for form in ("NFC", "NFD"):
        gray(folder / unicodedata.normalize(form, "café") / "1.png")
    if len(list(folder.iterdir())) < 4:
        pytest.skip("this file system takes both names for one")
    with pytest.raises(SchemaError, match=r"'cafe\\u0301' and 'caf\\xe9' .* look the same .café.*merge them"):
        read(folder)


class TestUnlabelled:
    def test_images_without_class_folders(self, tmp_path, gray):
        gray(tmp_path / "1.png")
        gray(tmp_path / "2.png")
        with pytest.raises(SchemaError, match="2 images lie beside the class folders: a subfolder is what gives"):
            read(tmp_path)

    def test_folder_above_the_class_folders(self, folder, gray):
        gray(folder / "cat" / "1.png")
        gray(folder / "dog" / "1.png")
        with pytest.raises(SchemaError, match=r"one class only, 'images', whose subfolders .cat, dog. .*images itself"):
            read(folder.parent)

    def test_folder_that_holds_a_table(self, tmp_path):
        (tmp_path / "rows.csv").touch()
        with pytest.raises(SchemaError, match=r"it holds rows\.csv: name that file itself"):
            read(tmp_path)

    def test_nothing_but_faults(self, folder):
        (folder / "cat" / "1.png").touch()
        with pytest.raises(SchemaError, match=r"no images in .*left out cat.1\.png .the file is empty"):
            read(folder)

    def test_one_class_is_read_and_said(self, folder, gray):
        gray(folder / "cat" / "1.png")
        assert "there is one class only, 'cat'" in read(folder).remarks[-1]


@pytest.mark.parametrize(
    ("mode", "suffix", "saved"),
    [
        ("CMYK", "jpg", {}),
        ("L", "gif", {}),
        ("I;16", "png", {}),
        ("L", "jpg", {}),
        ("RGBA", "webp", {"lossless": True}),
    ],
)
def test_mixed_modes_and_sizes_share_one_shape(folder, gray, mode, suffix, saved):
    gray(folder / "dog" / "1.png", np.full((20, 10), 100, dtype=np.uint8))
    colour = {"I;16": 100 * 257, "CMYK": (0, 155, 155, 0)}.get(mode, 100)
    source = Image.new("RGBA" if mode == "RGBA" else mode, (30, 40), colour if mode != "RGBA" else (100, 100, 100, 9))
    source.save(folder / "cat" / f"1.{suffix}", **saved)
    X = read(folder, image_size=(8, 6)).X
    assert X.shape[:3] == (2, 8, 6)
    assert (X[1] == 100).all()
    assert abs(int(X[0, ..., -1].mean()) - 100) <= 2
