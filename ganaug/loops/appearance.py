"""A pool's pixels in the type, layout and range of a given image."""

from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image, ImageFile
from torch import Tensor
from torchvision import tv_tensors

from ganaug.core.errors import SchemaError

_CHANNELS = (1, 3, 4)
_MODES = {"L": 1, "RGB": 3, "RGBA": 4}
_SLACK = 1e-3


class Pixels(Protocol):
    """What has to be known of the samples."""

    shape: tuple[int, int, int]  # channels, height, width
    scale: tuple[float, float]  # values of the training data that became 0 and 255
    whole: bool
    dtype: np.dtype


class Likeness:
    """Makes samples look like `image` to a program: its class, dtype, layout, channels and range.

    Integers of 8 bits are 0…255. Other numbers are as in the GAN's training data if these were floats, else floats
    are 0…1. Gray samples become RGB where images have colour.

    Parameters
    ----------
    pixels : Pool or Live
        Where samples come from.
    image : PIL image, Tensor or ndarray
        A real one.
    any_size : bool, default=False
        Whether `image` may have another size, as where a transform is still to come that makes them equal.

    Raises
    ------
    SchemaError
        If samples cannot be made to look like it.
    """

    def __init__(self, pixels: Pixels, image: Any, *, any_size: bool = False) -> None:
        self.pixels = pixels
        self.kind = type(image)
        if isinstance(image, Image.Image):
            if image.mode not in _MODES:
                raise SchemaError(f"PIL images must be of mode L, RGB or RGBA; got {image.mode}: image.convert('RGB')")
            self.dtype: Any = None
            self.channels = _MODES[image.mode]
            self.last = None if self.channels == 1 else True
            size: tuple[int, ...] = (image.height, image.width)
        elif isinstance(image, (Tensor, np.ndarray)):
            self.last = _channels_last(tuple(image.shape), isinstance(image, np.ndarray))
            self.dtype = image.dtype
            shape = tuple(image.shape)
            self.channels = 1 if self.last is None else shape[-1 if self.last else 0]
            size = shape if self.last is None else shape[:2] if self.last else shape[1:]
        else:
            raise SchemaError(
                f"images must be PIL images, tensors or arrays; got {type(image).__name__}: apply ganaug before the "
                "transform that makes it one"
            )
        channels, height, width = pixels.shape
        if channels not in (1, self.channels):
            raise SchemaError(f"images have {self.channels} channels, the model's {channels}; train it on such images")
        if not any_size and size != (height, width):
            raise SchemaError(
                f"images are {size[0]} × {size[1]}, the model's {height} × {width}; train it on images of that size, "
                "or resize both in a transform"
            )
        self._check_range(image)

    def __call__(self, sample: np.ndarray) -> Any:
        """Return a sample ``(channels, height, width)`` uint8 in the likeness."""
        if self.channels != sample.shape[0]:
            sample = sample.repeat(self.channels, axis=0)
        if self.last is None:
            sample = sample[0]
        elif self.last:
            sample = np.ascontiguousarray(sample.transpose(1, 2, 0))
        if self.dtype is None:
            picture = Image.fromarray(sample)
            if not issubclass(self.kind, ImageFile.ImageFile):
                picture.__class__ = self.kind  # fastai's transforms ask for its own class, and make it in this way
            return picture
        if isinstance(self.dtype, np.dtype):
            return valued(sample, self.pixels, self.dtype)
        image = valued(torch.from_numpy(sample), self.pixels, self.dtype)
        return tv_tensors.Image(image) if issubclass(self.kind, tv_tensors.Image) else image

    def _check_range(self, image: Any) -> None:
        if isinstance(image, (Tensor, np.ndarray)) and _is_float(image.dtype):
            check_range(float(image.min()), float(image.max()), self.pixels)


class NumberLikeness:
    """Makes samples that are stored as numbers look like a real one to a program: its class, dtype and shape.

    Parameters
    ----------
    shape : tuple of int
        Of the samples.
    real : Tensor or ndarray
        A real one; an axis of one channel may be missing.

    Raises
    ------
    SchemaError
        If samples cannot be made to look like it.
    """

    def __init__(self, shape: tuple[int, ...], real: Any) -> None:
        if not isinstance(real, (Tensor, np.ndarray)) or tuple(real.shape) not in (shape, shape[1:] * (shape[0] == 1)):
            described = tuple(real.shape) if hasattr(real, "shape") else type(real).__name__
            raise SchemaError(f"items hold {described}, synthetic ones arrays of shape {shape}; train on such samples")
        self.shape, self.is_tensor = tuple(real.shape), isinstance(real, Tensor)
        self.dtype: Any = real.dtype

    def __call__(self, sample: np.ndarray) -> Any:
        """Return a sample in the likeness."""
        shaped = sample.reshape(self.shape)
        return torch.from_numpy(shaped).to(self.dtype) if self.is_tensor else shaped.astype(self.dtype)


def check_range(low: float, high: float, pixels: Pixels) -> None:
    """Refuse float images that cannot be 0…1 where samples will be.

    Raises
    ------
    SchemaError
        If they span more, as normalised ones do.
    """
    if pixels.dtype.kind != "f" and (low < -_SLACK or high > 1 + _SLACK):
        raise SchemaError(
            f"images span {low:.3g}…{high:.3g}, synthetic ones 0…1; normalise after ganaug, or give it transform= with "
            "what real images got"
        )


def valued(sample: Any, pixels: Pixels, dtype: Any) -> Any:
    """Return uint8 pixels, a tensor or an array, as numbers of `dtype` in the range that data of it have."""
    if dtype in (torch.uint8, np.dtype(np.uint8)):
        return sample
    floats = sample.to(torch.float32) if isinstance(sample, Tensor) else sample.astype(np.float32)
    if pixels.dtype.kind != "f" and _is_float(dtype):
        floats /= 255
    else:
        low, high = pixels.scale
        floats *= (high - low) / 255
        floats += low
        if pixels.whole:
            floats = floats.round()
    return floats.to(dtype) if isinstance(floats, Tensor) else floats.astype(dtype)


def _is_float(dtype: Any) -> bool:
    return dtype.is_floating_point if isinstance(dtype, torch.dtype) else dtype.kind == "f"


def _channels_last(shape: tuple[int, ...], prefer_last: bool) -> bool | None:
    """Whether channels are the last axis; None if there is no such axis."""
    if len(shape) == 2:
        return None
    if len(shape) == 3:
        orders = (True, False) if prefer_last else (False, True)
        for last in orders:
            if shape[-1 if last else 0] in _CHANNELS:
                return last
    raise SchemaError(f"expected images (H, W), (H, W, C) or (C, H, W) with 1, 3 or 4 channels; got {shape}")
