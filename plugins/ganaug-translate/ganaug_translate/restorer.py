"""The trained model of a restoration: spoilt images in, mended ones out."""

from typing import Any

import numpy as np
import torch
from ganaug.core.classes import Classes
from ganaug.core.errors import ConfigError, SchemaError
from ganaug.data.codec import Codec
from ganaug.models.trained import TrainedModel
from torch import Tensor

from ganaug_translate.config import RestorationConfig
from ganaug_translate.degrade import hide
from ganaug_translate.networks import PatchDiscriminator
from ganaug_translate.restoration import build_restorer
from ganaug_translate.tiles import by_tiles

_PIXELS_AT_ONCE = 2**18


class Restorer(TrainedModel):
    """Restores images of any size; made by `train_restorer` or `ganaug.load`.

    Parameters
    ----------
    codec : ImageCodec
        Of the training images, or of the pieces that were cut from them.
    classes : Classes
        One, of all images.
    config : RestorationConfig
    seed : int
        Seeds the weights; torch's global generators are left as they were.
    """

    name = "restorer"
    config_class = RestorationConfig
    latent_dim = 0

    def __init__(self, codec: Codec, classes: Classes, config: RestorationConfig, seed: int = 0) -> None:
        super().__init__(codec, classes, config)
        channels = codec.sample_shape[0]
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            self.generator, self.generator_ema = (build_restorer(channels, config) for _ in range(2))
            self.discriminator = PatchDiscriminator(channels, config.d_width, config.d_depth)
        self.generator_ema.load_state_dict(self.generator.state_dict())
        self.generator_ema.eval().requires_grad_(False)

    @property
    def scale(self) -> int:
        """How many times as high and wide images become."""
        return self.config.scale if self.config.network == "superres" else 1

    def apply(self, X: Any, *, masks: Any = None, colour: Any = None) -> Any:
        """Restore images.

        Parameters
        ----------
        X : ndarray, or list of ndarray
            Images ``(N, H, W)``, ``(N, H, W, C)`` or ``(N, C, H, W)`` of any size, or a list of single ones ``(H, W)``
            or ``(H, W, C)`` of different sizes; of the channels of the training images. uint8 and uint16 span their
            type, but images of the training images' dtype span what those did; floats always do.
        masks : ndarray of shape (N, H, W), or list of (H, W), optional
            True, or not 0, where a pixel is hidden; only for `inpaint`.
        colour : number or sequence of numbers, optional
            Instead of masks: the pixels of exactly this colour are hidden.

        Returns
        -------
        ndarray or list of ndarray
            As `X`, of its dtype and layout; for `superres` larger.

        Raises
        ------
        SchemaError
            If the images have other channels or layouts, or masks other sizes.
        ConfigError
            If `inpaint` is not told what is hidden, or another task is.
        """
        inpaints = self.config.network == "inpaint"
        if inpaints != (masks is not None or colour is not None) or (masks is not None and colour is not None):
            wanted = "needs masks, or a colour" if inpaints else "takes neither masks nor a colour"
            raise ConfigError(f"a restorer for {self.config.network!r} {wanted}")
        if isinstance(X, (list, tuple)):
            held = [None] * len(X) if masks is None else list(masks)
            if len(held) != len(X):
                raise SchemaError(f"expected a mask for each of {len(X)} images; got {len(held)}")
            each = zip(X, held, strict=True)
            return [self._apply(np.asarray(x)[None], None if m is None else m[None], colour)[0] for x, m in each]
        return self._apply(np.asarray(X), masks, colour)

    def _apply(self, X: np.ndarray, masks: Any, colour: Any) -> np.ndarray:
        """Restore images of one size."""
        last = self._channels_last(X)
        images = X[:, None] if X.ndim == 3 else np.moveaxis(X, -1, 1) if last else X
        low, high = self._range(X.dtype)
        x = torch.from_numpy((images.astype(np.float32) - low) * np.float32(2 / (high - low)) - 1)
        if colour is not None:
            wanted = np.broadcast_to(np.asarray(colour, X.dtype).reshape(-1, 1, 1), images.shape[1:])
            masks = (images == wanted).all(axis=1)
        if masks is not None:
            hidden = np.asarray(masks) != 0
            if hidden.shape != (len(x), *x.shape[2:]):
                raise SchemaError(f"expected masks of shape {(len(x), *x.shape[2:])}; got {hidden.shape}")
            x = hide(x, torch.from_numpy(hidden[:, None].astype(np.float32)))
        size = max(1, _PIXELS_AT_ONCE // int(np.prod(x.shape[2:])))
        made = torch.cat([self.restore(part).cpu() for part in x.split(size)]).clamp(-1, 1)
        pixels = (made.double().numpy() + 1) * ((high - low) / 2) + low
        if masks is not None:  # what was not hidden stays as it is, bit by bit
            pixels = np.where(hidden[:, None], pixels, images)
        pixels = (np.rint(pixels) if X.dtype.kind in "iu" else pixels).astype(X.dtype)
        return pixels[:, 0] if X.ndim == 3 else np.ascontiguousarray(np.moveaxis(pixels, 1, -1)) if last else pixels

    @torch.no_grad()
    def restore(self, x: Tensor) -> Tensor:
        """Restore encoded images ``(n, channels, height, width)``, large ones tile by tile; of `inpaint` with masks."""
        device = next(self.generator_ema.parameters()).device
        return by_tiles(self.generator_ema, x.to(device), self.scale)

    def _channels_last(self, X: np.ndarray) -> bool:
        """Whether the channels are the last axis."""
        channels = self.codec.sample_shape[0]
        if X.ndim == 3 and channels == 1:
            return False
        if X.ndim == 4 and channels in (X.shape[3], X.shape[1]):
            return X.shape[3] == channels
        raise SchemaError(f"expected images of {channels} channels, (N, H, W, C); got an array of shape {X.shape}")

    def _range(self, dtype: np.dtype) -> tuple[float, float]:
        """Return the pixel values that are -1 and 1."""
        if dtype.kind == "u" and dtype != np.dtype(self.codec.schema.dtype):
            return 0.0, float(np.iinfo(dtype).max)
        return self.codec.scale

    def __repr__(self) -> str:
        return f"Restorer({self.config.network}; {self.codec.schema.describe()}; {self.step} steps)"
