import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp

pytest.importorskip("PIL")

from PIL import Image

from ganaug.core.errors import SchemaError
from ganaug.data.image.codec import ImageCodec
from ganaug.data.image.pixels import to_floats
from ganaug.data.kind import fit_codec

RNG = np.random.default_rng(0)
BYTES = RNG.integers(0, 256, (5, 8, 6, 3)).astype(np.uint8)


def through_json(codec):
    schema = json.loads(json.dumps(codec.schema.model_dump()))
    return ImageCodec.from_json(schema, json.loads(json.dumps(codec.to_json())))


def noise(codec, n=20, size=2.0):
    return np.float32(size) * np.random.default_rng(0).standard_normal((n, *codec.sample_shape), dtype=np.float32)


LAYOUTS = {
    "gray": (BYTES[..., 0], "NHW", (1, 8, 6)),
    "gray last": (BYTES[..., :1], "NHWC", (1, 8, 6)),
    "gray first": (BYTES[..., 0][:, None], "NCHW", (1, 8, 6)),
    "rgb last": (BYTES, "NHWC", (3, 8, 6)),
    "rgb first": (BYTES.transpose(0, 3, 1, 2), "NCHW", (3, 8, 6)),
    "rgba last": (BYTES[..., [0, 1, 2, 0]], "NHWC", (4, 8, 6)),
    "rgba first": (BYTES[..., [0, 1, 2, 0]].transpose(0, 3, 1, 2), "NCHW", (4, 8, 6)),
}


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32, np.float64])
def test_every_layout_comes_back_as_it_was(name, dtype):
    X, layout, shape = LAYOUTS[name]
    X = X.astype(dtype)
    codec = fit_codec(X)
    assert codec.schema.layout == layout
    assert codec.sample_shape == shape
    encoded = codec.encode(X)
    assert encoded.shape == (5, *shape)
    assert encoded.dtype == np.float32
    assert encoded.min() >= -1
    assert encoded.max() <= 1
    for back in (codec.decode(encoded, RNG), through_json(codec).decode(encoded, RNG)):
        assert back.dtype == X.dtype
        assert np.array_equal(back, X)


def test_pixels_stay_where_they_were():
    X = np.zeros((1, 8, 6, 3), dtype=np.uint8)
    X[0, 5, 2, 1] = 255
    encoded = ImageCodec.fit(X).encode(X)
    assert encoded[0, 1, 5, 2] == 1
    assert (encoded == 1).sum() == 1
    assert (encoded == -1).sum() == encoded.size - 1


EVERY_BYTE = np.arange(768, dtype=np.uint8).reshape(1, 16, 16, 3).repeat(2, axis=0)
KEPT = {
    "channels last": (EVERY_BYTE, True),
    "channels first": (EVERY_BYTE.transpose(0, 3, 1, 2).copy(), False),
    "gray": (EVERY_BYTE.reshape(3, 16, 32), True),
    "reversed": (EVERY_BYTE[:, ::-1], False),
    "cut out": (EVERY_BYTE[:, 2:-2], False),
    "read only": (np.frombuffer(EVERY_BYTE.tobytes(), np.uint8).reshape(EVERY_BYTE.shape), False),
    "pictures": ([Image.fromarray(image) for image in EVERY_BYTE], False),
}


@pytest.mark.parametrize("name", KEPT)
def test_bytes_are_kept_as_bytes_and_become_the_very_same_floats(name):
    X, shares = KEPT[name]
    codec = fit_codec(X)
    kept = codec.store(X)
    assert kept.dtype == np.uint8 and np.shares_memory(kept, np.asarray(X)) == shares
    floats = to_floats(torch.from_numpy(kept))  # warns if it may not write there
    assert floats.dtype == torch.float32 and np.array_equal(floats.numpy(), codec.encode(X))


@pytest.mark.parametrize("X", [EVERY_BYTE / 255, EVERY_BYTE.astype(np.uint16), EVERY_BYTE > 99])
def test_other_pixels_are_kept_encoded(X):
    codec = fit_codec(X)
    kept = codec.store(X)
    assert kept.dtype == np.float32 and np.array_equal(kept, codec.encode(X))


RANGES = {
    "bytes": (np.array([10, 200], dtype=np.uint8), (0, 255), True),
    "16 bit": (np.array([100, 40_000], dtype=np.uint16), (100, 40_000), True),
    "signed": (np.array([-50, 70], dtype=np.int32), (-50, 70), True),
    "bool": (np.array([False, True]), (0, 1), True),
    "unit floats": (np.array([0.1, 0.9]), (0, 1), False),
    "signed unit floats": (np.array([-0.5, 0.9], dtype=np.float32), (-1, 1), False),
    "byte floats": (np.array([3.0, 250.0]), (3, 250), True),
    "free floats": (np.array([-3.5, 250.2]), (-3.5, 250.2), False),
    "half floats": (np.array([0.25, 0.5], dtype=np.float16), (0, 1), False),
}


@pytest.mark.parametrize("name", RANGES)
def test_range_is_read_off_dtype_and_values(name):
    pair, scale, whole = RANGES[name]
    X = pair[RNG.integers(0, 2, (10, 8, 8))]
    codec = ImageCodec.fit(X)
    assert codec.scale == scale
    made = codec.decode(noise(codec), RNG)
    assert made.dtype == X.dtype
    assert made.min() == pair.min()
    assert made.max() == pair.max()
    assert (np.array_equal(made, np.rint(made.astype(float)))) == whole


PIXELS = st.sampled_from(["uint8", "uint16", "int16", "bool", "float16", "float32", "float64"]).flatmap(
    lambda dtype: hnp.arrays(
        dtype,
        st.tuples(st.integers(1, 4), st.integers(4, 6), st.integers(4, 6)),
        elements={"min_value": -(2**10), "max_value": 2**10} if "float" in dtype else None,
    )
)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(PIXELS)
def test_any_pixels_survive_and_noise_stays_in_range(X):
    codec = ImageCodec.fit(X)
    back = codec.decode(codec.encode(X), RNG)
    assert back.dtype == X.dtype
    low, high = codec.scale
    tolerance = 0 if codec.whole else 1e-6 * (high - low) + 1e-3 * (X.dtype == np.float16)
    assert np.abs(back.astype(float) - X.astype(float)).max() <= tolerance
    for size in (1.0, 1e30):
        made = codec.decode(noise(codec, 3, size), RNG)
        assert made.dtype == X.dtype
        assert X.min() <= made.min()
        assert made.max() <= X.max()


@pytest.mark.parametrize(
    ("mode", "shape"), [("L", (1, 8, 6)), ("RGB", (3, 8, 6)), ("RGBA", (4, 8, 6))], ids=["L", "RGB", "RGBA"]
)
def test_pil_images_stay_pil_images(mode, shape):
    images = [Image.fromarray(array).convert(mode) for array in BYTES]
    codec = fit_codec(images)
    assert codec.sample_shape == shape
    back = through_json(codec).decode(codec.encode(images), RNG)
    assert [image.mode for image in back] == [mode] * 5
    assert [image.size for image in back] == [(6, 8)] * 5
    assert all(a.tobytes() == b.tobytes() for a, b in zip(images, back, strict=True))


def test_a_list_of_arrays_is_an_array():
    codec = fit_codec(list(BYTES))
    back = codec.decode(codec.encode(list(BYTES)), RNG)
    assert type(back) is np.ndarray
    assert np.array_equal(back, BYTES)


def test_images_can_be_encoded_in_another_layout():
    codec = ImageCodec.fit(BYTES)
    assert np.array_equal(codec.encode(BYTES.transpose(0, 3, 1, 2)), codec.encode(BYTES))


@pytest.mark.parametrize("value", [0, 7, 255])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float64])
def test_images_of_one_value(value, dtype):
    X = np.full((3, 8, 8), value, dtype=dtype)
    codec = ImageCodec.fit(X)
    assert np.isfinite(codec.encode(X)).all()
    assert np.array_equal(codec.decode(codec.encode(X), RNG), X)
    assert (codec.decode(noise(codec), RNG) == value).all()


@pytest.mark.parametrize("name", LAYOUTS)
def test_to_uint8_of_bytes_is_the_image_itself(name):
    X, _, shape = LAYOUTS[name]
    expected = X.transpose(0, 2, 3, 1) if name.endswith("first") else X
    if shape[0] == 1:
        expected = expected.reshape(5, 8, 6)
    pixels = ImageCodec.fit(X).to_uint8(X)
    assert pixels.dtype == np.uint8
    assert np.array_equal(pixels, expected)


def test_to_uint8_stretches_the_scale():
    X = np.array([0.0, 0.5, 1.0, 0.25])[RNG.integers(0, 4, (6, 8, 8))]
    assert set(np.unique(ImageCodec.fit(X).to_uint8(X))) == {0, 64, 128, 255}
    wide = np.array([-300.0, 300.0])[RNG.integers(0, 2, (6, 8, 8))]
    assert set(np.unique(ImageCodec.fit(wide).to_uint8(wide))) == {0, 255}


def spoilt(value):
    X = np.zeros((3, 8, 8))
    X[1, 2, 3] = value
    return X


RAGGED = np.empty(2, dtype=object)
RAGGED[:] = [np.zeros((8, 8)), np.zeros((8, 9))]
ERRORS = {
    "nan": (spoilt(np.nan), "NaN or infinite"),
    "infinite": (spoilt(-np.inf), "NaN or infinite"),
    "two channels last": (np.zeros((3, 8, 8, 2)), r"with 1, 3 or 4 channels; got \(3, 8, 8, 2\)"),
    "five axes": (np.zeros((3, 2, 8, 8, 3)), "with 1, 3 or 4 channels"),
    "none": (np.zeros((0, 8, 8)), "at least one image"),
    "too small": (np.zeros((3, 3, 8)), "at least 4 pixels a side; got 3 × 8"),
    "sizes in an array": (RAGGED, "one size"),
    "sizes in a list": ([np.zeros((8, 8)), np.zeros((8, 9))], r"one size and mode; got \[\(8, 8\), \(8, 9\)\]: resize"),
    "pil sizes": ([Image.new("L", (8, 8)), Image.new("L", (9, 8))], "one size"),
    "pil modes": ([Image.new("L", (8, 8)), Image.new("RGB", (8, 8))], "one size and mode"),
    "palette": ([Image.new("P", (8, 8))], r"got P: image.convert\('RGB'\)"),
    "cmyk": ([Image.new("CMYK", (8, 8)), Image.new("L", (8, 8))], "got CMYK"),
    "pil and arrays": ([Image.new("L", (8, 8)), np.zeros((8, 8))], "PIL images only"),
    "text": (np.full((3, 8, 8), "x"), "must be numbers"),
    "complex": (np.zeros((3, 8, 8), dtype=complex), "must be numbers; got dtype complex128"),
    "objects": (np.full((3, 8, 8), "x", dtype=object), "numeric pixels"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_images_that_cannot_be_learnt_are_refused(name):
    X, message = ERRORS[name]
    with pytest.raises(SchemaError, match=message):
        ImageCodec.fit(X)


@pytest.mark.parametrize("other", [BYTES[:, :7], BYTES[..., 0], BYTES[..., [0, 1, 2, 0]]])
def test_images_of_another_shape_are_refused(other):
    with pytest.raises(SchemaError, match=r"expected images of 8 × 6, RGB, uint8; got \(C, H, W\) ="):
        ImageCodec.fit(BYTES).encode(other)


def test_numeric_objects_are_numbers():
    codec = ImageCodec.fit(BYTES.astype(object))
    assert codec.schema.dtype == "<f8"
    assert np.array_equal(codec.decode(codec.encode(BYTES), RNG), BYTES)
