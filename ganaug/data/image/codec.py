"""Images ↔ tensors in [-1, 1]."""

from typing import Any, Literal

import numpy as np

from ganaug.core.errors import SchemaError
from ganaug.core.extras import require
from ganaug.core.schema import ImageSchema
from ganaug.data.codec import Codec, Span
from ganaug.data.image.pixels import to_picture

_CHANNELS = (1, 3, 4)
_MODES = {"L": 1, "RGB": 3, "RGBA": 4}
_MIN_SIDE = 4  # pixels a side: one halving must leave something to convolve


class ImageCodec(Codec):
    """Arrays ``(N, H, W)``, ``(N, H, W, C)``, ``(N, C, H, W)`` or lists of PIL images ↔ ``(N, C, H, W)`` in [-1, 1].

    Four axes are read as channels-last if the last axis has 1, 3 or 4 entries, else as channels-first.
    ``uint8`` spans 0…255; floats span 0…1 or -1…1 where they fit, otherwise what was observed. Decoded pixels are
    rounded where the data were whole numbers, and never leave the observed range.

    Parameters
    ----------
    schema : ImageSchema
        Shape, layout, container and dtype.
    scale : (float, float)
        Pixel values that become -1 and 1.
    observed : (float, float)
        Smallest and largest pixel value of the training data.
    whole : bool
        Whether pixels are whole numbers.
    """

    def __init__(
        self, schema: ImageSchema, scale: tuple[float, float], observed: tuple[float, float], whole: bool
    ) -> None:
        self.schema = schema
        self.scale = scale
        self.observed = observed
        self.whole = whole

    @property
    def sample_shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return self.schema.shape

    @property
    def spans(self) -> tuple[Span, ...]:
        """One span: pixels."""
        return (Span(0, int(np.prod(self.sample_shape)), "tanh", 0),)

    @classmethod
    def fit(cls, X: Any) -> "ImageCodec":
        """Learn shape, layout and range.

        Raises
        ------
        SchemaError
            On images of several sizes, an unknown layout or mode, NaN or infinite pixels, or sides under 4 pixels.
        """
        array, container = _as_array(X)
        layout = _layout(array.shape)
        channels_last = (
            array if layout == "NHWC" else np.moveaxis(array, 1, -1) if layout == "NCHW" else array[..., None]
        )
        _, height, width, channels = channels_last.shape
        if min(height, width) < _MIN_SIDE:
            raise SchemaError(f"images must be at least {_MIN_SIDE} pixels a side; got {height} × {width}")
        low, high = float(array.min()), float(array.max())
        if not np.isfinite([low, high]).all():
            raise SchemaError("images must not contain NaN or infinite pixels; fill or drop them first")
        schema = ImageSchema(
            container=container,
            layout=layout,
            height=height,
            width=width,
            channels=channels,
            dtype=array.dtype.str,
        )
        whole = array.dtype.kind != "f" or bool((array == np.rint(array)).all() and high > 1)
        return cls(schema, _scale(array.dtype, low, high), (low, high), whole)

    def encode(self, X: Any) -> np.ndarray:
        """Return ``(N, C, H, W)`` float32 in [-1, 1].

        Raises
        ------
        SchemaError
            If size or channels differ from what was fitted.
        """
        low, high = self.scale
        encoded = self._channels_first(X).astype(np.float32)
        encoded -= low
        encoded *= 2 / (high - low)
        encoded -= 1
        return np.ascontiguousarray(encoded)

    def store(self, X: Any) -> np.ndarray:
        """Return uint8 images as ``(N, C, H, W)`` uint8, a quarter of `encode`'s memory or none; others as `encode`.

        Shares the memory of `X` where that is uint8, contiguous and channels-last.
        """
        array = self._channels_first(X)
        if array.dtype != np.uint8 or self.scale != (0, 255):
            return self.encode(X)
        return np.moveaxis(np.require(np.moveaxis(array, 1, -1), requirements=["C", "W"]), -1, 1)

    def decode(self, encoded: np.ndarray, rng: np.random.Generator) -> Any:
        """Return images in the fitted container, layout and dtype; `rng` is not needed."""
        low, high = self.scale
        pixels = (encoded.astype(np.float64) + 1) * ((high - low) / 2) + low
        if self.whole:
            pixels = np.rint(pixels)
        array = pixels.clip(*self.observed).astype(self.schema.dtype)
        if self.schema.layout == "NHW":
            array = array[:, 0]
        elif self.schema.layout == "NHWC":
            array = np.ascontiguousarray(np.moveaxis(array, 1, -1))
        if self.schema.container == "array":
            return array
        image = require("PIL.Image", extra="images", purpose="a list of PIL images")
        return [image.fromarray(pixels) for pixels in array]

    def to_uint8(self, X: Any) -> np.ndarray:
        """Return ``(N, H, W)`` or ``(N, H, W, C)`` uint8 for files and screens, the fitted scale stretched to 0…255."""
        return to_picture(self.encode(X))

    def _channels_first(self, X: Any) -> np.ndarray:
        array, _ = _as_array(X)
        layout = _layout(array.shape)
        if layout == "NHW":
            array = array[:, None]
        elif layout == "NHWC":
            array = np.moveaxis(array, -1, 1)
        if array.shape[1:] != self.sample_shape:
            raise SchemaError(f"expected {self.schema.describe()}; got (C, H, W) = {array.shape[1:]}")
        return array

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {"scale": self.scale, "observed": self.observed, "whole": self.whole}

    @classmethod
    def from_json(cls, schema: dict[str, Any], state: dict[str, Any]) -> "ImageCodec":
        """Rebuild a codec from its schema and what `to_json` gave.

        Raises
        ------
        SchemaError
            If that gives pixels no range.
        """
        (low, high), (smallest, largest) = ((float(a), float(b)) for a, b in (state["scale"], state["observed"]))
        if not (low < high and smallest <= largest and np.isfinite([low, high, smallest, largest]).all()):
            raise SchemaError(f"expected ranges of pixels; got {state['scale']} and {state['observed']}")
        return cls(ImageSchema(**schema), (low, high), (smallest, largest), bool(state["whole"]))


def _as_array(X: Any) -> tuple[np.ndarray, Literal["array", "pil"]]:
    if not isinstance(X, (list, tuple)):
        return _numeric(np.asarray(X)), "array"
    images = list(X)
    pil = [image for image in images if hasattr(image, "getbands")]
    if pil and len(pil) < len(images):
        raise SchemaError("expected a list of PIL images only; some entries are something else")
    modes = sorted({image.mode for image in pil} - _MODES.keys())
    if modes:
        raise SchemaError(f"PIL images must be of mode L, RGB or RGBA; got {', '.join(modes)}: image.convert('RGB')")
    arrays = [np.asarray(image) for image in images]
    shapes = sorted({array.shape for array in arrays})
    if len(shapes) > 1:
        raise SchemaError(f"images must all have one size and mode; got {shapes[:3]}: resize them first")
    return _numeric(np.stack(arrays)), "pil" if pil else "array"


def _numeric(array: np.ndarray) -> np.ndarray:
    if array.dtype == object and array.size:
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError):
            raise SchemaError("images must all have one size and numeric pixels; this array is ragged") from None
    if array.dtype.kind not in "buif":
        raise SchemaError(f"image pixels must be numbers; got dtype {array.dtype}")
    if len(array) == 0:
        raise SchemaError("expected at least one image; got none")
    return array


def _layout(shape: tuple[int, ...]) -> Literal["NHW", "NHWC", "NCHW"]:
    if len(shape) == 3:
        return "NHW"
    if len(shape) == 4 and shape[3] in _CHANNELS:
        return "NHWC"
    if len(shape) == 4 and shape[1] in _CHANNELS:
        return "NCHW"
    raise SchemaError(
        f"expected images as (N, H, W), (N, H, W, C) or (N, C, H, W) with 1, 3 or 4 channels; got {shape}"
    )


def _scale(dtype: np.dtype, low: float, high: float) -> tuple[float, float]:
    if dtype == np.uint8:
        return 0.0, 255.0
    if dtype.kind in "fb":
        if 0 <= low and high <= 1:
            return 0.0, 1.0
        if -1 <= low and high <= 1:
            return -1.0, 1.0
    return (low, high) if high > low else (low, low + 1)
