"""A folder of PNG files for each class."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ganaug.core.extras import refuse_missing
from ganaug.data.codec import Codec
from ganaug.synthesis.plan import Shard
from ganaug.synthesis.writers.base import Writer

_COMPRESSION = 1  # of zlib: faster, and hardly larger, than at the usual 6
_BGR = {3: [2, 1, 0], 4: [2, 1, 0, 3]}  # OpenCV's order of channels


class ImageFolderWriter(Writer):
    """``<class>/000000.png``, as ``torchvision.datasets.ImageFolder`` reads it.

    Pixels are stretched so that the range the model was trained on spans 0…255.
    """

    kind: ClassVar[str | None] = "image"
    libraries = ("cv2",)

    @classmethod
    def refuse_unwritable(cls, codec: Codec) -> None:
        """Refuse if OpenCV is not installed."""
        refuse_missing("cv2", extra="images", purpose="writing PNG files")

    def write(self, folder: Path, shard: Shard, chunks: Iterable[Any]) -> dict[str, str]:
        """Write one PNG a sample."""
        planned = shard.class_plan
        digits = max(6, len(str((planned.n_real if shard.real else planned.n) - 1)))
        start, digests = shard.start, {}
        for chunk in chunks:
            for i, pixels in enumerate(self.codec.to_uint8(chunk), start):
                name = f"{shard.stem}{i:0{digits}d}.png"
                encoded = _png(pixels)
                with open(f"{folder}/{name}", "wb") as handle:
                    handle.write(encoded)
                digests[name] = hashlib.sha256(encoded).hexdigest()
            start += len(chunk)
        return digests

    @classmethod
    def count(cls, path: Path) -> int:
        """One."""
        return 1


def _png(pixels: np.ndarray) -> bytes:
    """Encode uint8 ``(height, width)`` or ``(height, width, channels)``; other threads run meanwhile."""
    import cv2

    in_order = pixels if pixels.ndim == 2 else pixels[..., _BGR[pixels.shape[2]]]
    return cv2.imencode(".png", in_order, (cv2.IMWRITE_PNG_COMPRESSION, _COMPRESSION))[1].tobytes()
