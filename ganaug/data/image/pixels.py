"""The one place that knows how pixels of 8 bits and numbers in [-1, 1] relate."""

from typing import overload

import numpy as np
import torch
from torch import Tensor


@overload
def to_floats(pixels: np.ndarray) -> np.ndarray: ...
@overload
def to_floats(pixels: Tensor) -> Tensor: ...
def to_floats(pixels):
    """Return uint8 pixels as float32 in [-1, 1], exactly as `ImageCodec.encode` does; other numbers stay as they are.

    Examples
    --------
    >>> to_floats(np.array([0, 255], np.uint8)).tolist()
    [-1.0, 1.0]
    """
    if isinstance(pixels, Tensor):
        return pixels.float().mul_(2 / 255).sub_(1) if pixels.dtype == torch.uint8 else pixels
    return pixels.astype(np.float32) * np.float32(2 / 255) - np.float32(1) if pixels.dtype == np.uint8 else pixels


@overload
def to_uint8(encoded: np.ndarray) -> np.ndarray: ...
@overload
def to_uint8(encoded: Tensor) -> Tensor: ...
def to_uint8(encoded):
    """Return numbers in [-1, 1] as uint8 pixels, rounded; what lies outside is cut off.

    Examples
    --------
    >>> to_uint8(np.array([-1.0, 0.2, 7.0])).tolist()
    [0, 153, 255]
    """
    if isinstance(encoded, Tensor):
        return ((encoded.float() + 1) * 127.5).round_().clamp_(0, 255).to(torch.uint8)
    return np.rint((encoded + 1) * 127.5).clip(0, 255).astype(np.uint8)


def to_picture(encoded: np.ndarray) -> np.ndarray:
    """Return ``(n, channels, height, width)`` in [-1, 1] as pictures: uint8 ``(n, H, W)``, or ``(n, H, W, C)``."""
    pixels = to_uint8(encoded)
    return pixels[:, 0] if pixels.shape[1] == 1 else np.moveaxis(pixels, 1, -1)
