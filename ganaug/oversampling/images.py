"""New images of a class from its real ones, in encoded space: bent, recoloured, turned."""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ganaug.core.extras import refuse_missing
from ganaug.data.encoded import Encoded
from ganaug.oversampling.deformation import field, register, sharply_warped, smoothed
from ganaug.oversampling.sources import OwnSamples

refuse_missing("torchvision", extra="images", purpose="over-sampling of images")

from torchvision.transforms import v2  # noqa: E402

_SHIFT = 0.75 / 28  # of the longer side: standard deviation of how far a pixel moves at random
_SMOOTHNESS = 1 / 7  # of the side: standard deviation of the kernel that smooths the random field
_MAX_PERIODS = 2  # in an image, up to which amplitudes are exchanged
_PAIRS = 600  # about as many ways from one image to another
_MAX_IMAGES_BENT = 4_000  # of a class
_MAX_IMAGES_AT_ONCE = 1_024


class _Ways(NamedTuple):
    own: np.ndarray  # (m, channels, height, width)
    control: Tensor  # (n_pairs, 2, k, k): pair i bends image i % m
    shift: Tensor  # (2,), in halves of width and height


class Deformation(OwnSamples):
    """Each image is bent some of the way to another of its class, and a little at random (elastic deformation).

    `ganaug.oversampling.deformation.register` finds the way, for 600 pairs or one for each image; the rest is a smooth
    random field (Simard et al. 2003). The images are not blurred: blur would tell them from real ones. On drawn
    characters they gain as much as a GAN, on photographs they lose (docs/experiments/images.md).
    """

    def prepare(self, own: np.ndarray, rng: np.random.Generator) -> _Ways:
        """Find the ways between images of the class."""
        if len(own) > _MAX_IMAGES_BENT:
            own = own[rng.choice(len(own), _MAX_IMAGES_BENT, replace=False)]
        m = len(own)
        steps = 1 + rng.permutation(max(1, m - 1))[: -(-_PAIRS // m)]  # one alone is paired with itself
        moving = np.tile(np.arange(m), len(steps))
        pairs = torch.from_numpy(np.stack([moving, (moving + np.repeat(steps, m)) % m]))
        images = torch.from_numpy(own)
        control = torch.cat([register(images[i], images[j]) for i, j in pairs.split(_MAX_IMAGES_AT_ONCE, dim=1)])
        sides = np.array(own.shape[:1:-1])
        return _Ways(own, control, torch.tensor(_SHIFT * sides.max() * 2 / sides, dtype=torch.float32))

    def make(self, prepared: _Ways, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return n bent images."""
        starts = range(0, n, _MAX_IMAGES_AT_ONCE)
        made = [self._bend(prepared, min(_MAX_IMAGES_AT_ONCE, n - start), rng) for start in starts]
        return np.concatenate(made) if made else prepared.own[:0]

    def _bend(self, ways: _Ways, n: int, rng: np.random.Generator) -> np.ndarray:
        sides = ways.own.shape[2:]
        chosen = rng.integers(len(ways.control), size=n)
        part = torch.from_numpy(rng.random((n, 1, 1, 1), dtype=np.float32))
        random = torch.from_numpy(rng.standard_normal((n, 2, *sides), dtype=np.float32))
        random = smoothed(random, _SMOOTHNESS)
        random = (random / random.std((2, 3), keepdim=True)).permute(0, 2, 3, 1)
        displacements = part * field(ways.control[chosen], sides) + random * ways.shift
        return sharply_warped(ways.own[chosen % len(ways.own)], displacements)


class Recolouring(OwnSamples):
    """Each image gets, channel by channel, the mean and standard deviation of any training image.

    A colour transfer after Reinhard et al. (2001); of gray images it exchanges brightness and contrast. It helps where
    colour or light says nothing about the class.
    """

    def fit(self, data: Encoded, rng: np.random.Generator) -> "Recolouring":
        """Measure the colours of all training images."""
        super().fit(data, rng)
        images = data.floats()
        self._means, self._stds = (f(images, axis=(2, 3), keepdims=True) for f in (np.mean, np.std))
        return self

    def make(self, prepared: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return n images in colours of others."""
        images = prepared[rng.integers(len(prepared), size=n)]
        mean, std = (f(images, axis=(2, 3), keepdims=True) for f in (np.mean, np.std))
        chosen = rng.integers(len(self._means), size=n)
        coloured = (images - mean) / np.maximum(std, 1e-6) * self._stds[chosen] + self._means[chosen]
        return coloured.clip(-1, 1).astype(np.float32)


class Amplitude(OwnSamples):
    """Each image gets, in part, the amplitudes that another training image has at low frequencies; phases stay its own.

    What is coarse about light, colour and contrast comes from any image, the drawing stays (after Yang & Soatto 2020,
    arXiv:2004.05498). Frequencies up to two periods an image are exchanged.
    """

    def make(self, prepared: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return n images with coarse amplitudes between their own and another's."""
        images = prepared[rng.integers(len(prepared), size=n)]
        others = self.data.floats(rng.integers(len(self.data.c), size=n))
        own, other = (np.fft.rfft2(x) for x in (images, others))
        height, width = images.shape[2:]
        low = np.abs(np.fft.fftfreq(height, 1 / height))[:, None] <= _MAX_PERIODS
        low = low & (np.arange(width // 2 + 1) <= _MAX_PERIODS)
        change = np.abs(other) / np.maximum(np.abs(own), 1e-6) - 1
        own *= 1 + rng.random((n, 1, 1, 1)) * low * change
        return np.fft.irfft2(own, s=(height, width)).clip(-1, 1).astype(np.float32)


class Mirror(OwnSamples):
    """Half of the images are mirrored, left to right. It helps where a class has no hand, like most things seen."""

    def make(self, prepared: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return n images, mirrored or not."""
        images = prepared[rng.integers(len(prepared), size=n)]
        mirrored = rng.random(n) < 0.5
        images[mirrored] = images[mirrored][..., ::-1]
        return images

    def augmentation(self) -> v2.Transform:
        """Return the same for images of all classes."""
        return v2.RandomHorizontalFlip()


class Symmetry(OwnSamples):
    """Each image is turned by quarter turns (half turns, if it is not square) and mirrored, at random.

    Every pixel stays a pixel. It helps where a class looks the same from every side, like cells or defects.
    """

    def make(self, prepared: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return n images, turned and mirrored."""
        images = prepared[rng.integers(len(prepared), size=n)]
        step = 1 if images.shape[2] == images.shape[3] else 2
        turns, mirrored = step * rng.integers(4 // step, size=n), rng.integers(2, size=n)
        for turn, mirror in np.unique(np.stack([turns, mirrored], axis=1), axis=0):
            same = (turns == turn) & (mirrored == mirror)
            turned = np.rot90(images[same], turn, axes=(2, 3))
            images[same] = turned[..., ::-1] if mirror else turned
        return images

    def augmentation(self) -> v2.Transform:
        """Return the same for images of all classes."""
        return QuarterTurns()


class QuarterTurns(v2.Transform):
    """Turn by quarter turns (half turns, if the image is not square) and mirror, at random; torch's generator draws."""

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Draw the turn and whether to mirror."""
        height, width = v2.functional.get_size(flat_inputs[0])
        step = 1 if height == width else 2
        return {"angle": 90 * step * int(torch.randint(4 // step, ())), "mirrored": bool(torch.randint(2, ()))}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """Turn one image, mask or set of boxes."""
        turned = self._call_kernel(v2.functional.rotate, inpt, params["angle"], expand=True)
        return self._call_kernel(v2.functional.horizontal_flip, turned) if params["mirrored"] else turned

    _get_params, _transform = make_params, transform  # what torchvision before 0.21 calls
