"""The trained model of a translation: images of one class in, images of the other out."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from ganaug.core.classes import Classes
from ganaug.core.errors import ConfigError
from ganaug.core.provenance import Provenance
from ganaug.data.codec import Codec
from ganaug.models.synthesizer import Synthesizer
from ganaug.models.trained import TrainedModel
from torch import Tensor, nn

from ganaug_translate.config import TranslationConfig
from ganaug_translate.networks import PatchDiscriminator, PatchHeads, TranslationGenerator

FORTH, BACK = "forth", "back"  # from the source class to the target class, and the way back
_PIXELS_AT_ONCE = 2**18


class Translator(TrainedModel, Synthesizer):
    """Translates images of one class into another; made by `train_translator` or `ganaug.load`.

    It is a `ganaug.Synthesizer` of its target class: `sample` translates images that are drawn from those it was
    trained on. These are not in a checkpoint; `draws_from` gives it others.

    Parameters
    ----------
    codec : ImageCodec
        User data ↔ tensors.
    classes : Classes
        The two classes and their training counts.
    config : TranslationConfig
    seed : int
        Seeds the weights; torch's global generators are left as they were.

    Attributes
    ----------
    source, target : label
        The classes it translates from and to.
    images : dict of int to ndarray
        Encoded images of a class that `sample` translates, as training keeps them; empty after loading.
    """

    name = "translator"
    config_class = TranslationConfig
    latent_dim = 0  # nothing is drawn: the same image gives the same translation

    def __init__(self, codec: Codec, classes: Classes, config: TranslationConfig, seed: int = 0) -> None:
        super().__init__(codec, classes, config)
        self.images: dict[int, np.ndarray] = {}
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            self.generator, self.discriminator = _generator(codec, config), _discriminator(codec, config)
            self.generator_ema = _generator(codec, config)
        self.generator_ema.load_state_dict(self.generator.state_dict())
        self.generator_ema.eval().requires_grad_(False)

    @property
    def source(self) -> Any:
        """The class that is translated."""
        return self.classes_.tolist()[1 - self.config.target]

    @property
    def target(self) -> Any:
        """The class that images are translated to."""
        return self.classes_.tolist()[self.config.target]

    def apply(self, X: Any, *, to: Any = None) -> Any:
        """Translate images, each by itself.

        Parameters
        ----------
        X : array-like or list of PIL images
            As the training images: layout, size and range.
        to : label, default=None
            The class to translate to: `target` (also None), or, of a CycleGAN, `source`.

        Returns
        -------
        X_translated : the training images' container and dtype, of the shape of `X`

        Raises
        ------
        SchemaError
            If the images are of another size or have other channels.
        ConfigError
            If no way leads there.
        """
        parts = [made for made, _ in self._translations(X, to)]
        return self.codec.decode(np.concatenate(parts), np.random.default_rng(0))

    def masks(self, X: Any, *, to: Any = None) -> np.ndarray:
        """Return how much of each pixel `apply` paints anew, ``(n, height, width)`` float32 in [0, 1]."""
        return np.concatenate([mask for _, mask in self._translations(X, to)])[:, 0]

    def draws_from(self, X: Any, y: Any = None) -> "Translator":
        """Let `sample` translate these images, labelled `y`; without labels they are of the source class.

        Returns
        -------
        Translator
            Itself.
        """
        x = self.codec.store(X)
        c = self.classes.index([self.source] * len(x) if y is None else y)
        self.images = {k: x[c == k] for k in range(2)}
        return self

    def encoded(self, c: np.ndarray, rng: np.random.Generator, truncation: float | None = None) -> np.ndarray:
        """Translate images that are drawn with replacement, into the conditions ``c (n,)``.

        Raises
        ------
        ConfigError
            If it has no images to translate, no way leads to a class, or a truncation is asked for.
        """
        from ganaug.data.image.pixels import to_floats

        if truncation is not None:
            raise ConfigError("truncation has no meaning for a translator: it draws images, not latents")
        made = np.empty((len(c), *self.codec.sample_shape), np.float32)
        for k in np.unique(c).tolist():
            direction = self.direction_to(k)
            own = self.images.get(1 - k, ())
            if not len(own):
                raise ConfigError(
                    f"a checkpoint holds no images to translate into {self.classes_[k]!s}: use apply(images), or give "
                    "it some with draws_from(images)"
                )
            wanted = np.flatnonzero(c == k)
            x = torch.from_numpy(to_floats(own[rng.integers(len(own), size=len(wanted))]))
            made[wanted] = np.concatenate([part.images.numpy() for part in self._pieces(x, direction)])
        return made

    def direction_to(self, condition: int) -> str:
        """Return the name of the generator that leads to a class.

        Raises
        ------
        ConfigError
            If there is none.
        """
        if not self.leads_to(condition):
            raise ConfigError(
                f"this translator leads from {self.source!s} to {self.target!s} only; the way back is trained with "
                "method='cyclegan'"
            )
        return FORTH if condition == self.config.target else BACK

    def leads_to(self, condition: int) -> bool:
        """Whether it translates into a class."""
        return condition == self.config.target or BACK in self.generator_ema

    @torch.no_grad()
    def translate(self, x: Tensor, direction: str = FORTH) -> Tensor:
        """Translate encoded images ``(n, channels, height, width)`` on the device where the generator is."""
        return self.generator_ema[direction](x).images

    def header(self, provenance: Provenance | None = None) -> dict[str, Any]:
        """Return all of the model but its weights."""
        return super().header(provenance) | {"translates": [str(self.source), str(self.target)]}

    def _translations(self, X: Any, to: Any) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        direction = FORTH if to is None else self.direction_to(int(self.classes.index([to])[0]))
        for part in self._pieces(torch.from_numpy(self.codec.encode(X)), direction):
            yield part.images.cpu().numpy(), part.mask.cpu().numpy()

    @torch.no_grad()
    def _pieces(self, x: Tensor, direction: str) -> Iterator[Any]:
        device = next(self.generator_ema.parameters()).device
        size = max(1, _PIXELS_AT_ONCE // int(np.prod(self.codec.sample_shape[1:])))
        for part in x.split(size):
            made = self.generator_ema[direction](part.to(device))
            yield made._replace(images=made.images.cpu(), mask=made.mask.cpu(), features=[])

    def __repr__(self) -> str:
        said = f"{self.codec.schema.describe()}; {self.source} → {self.target}"
        return f"Translator({said}; {self.config.network}; {self.step} steps)"


def _generator(codec: Codec, config: TranslationConfig) -> nn.ModuleDict:
    """Return the generator of each direction; for CUT with the heads that patches are compared by."""
    directions = (FORTH, BACK) if config.network == "cyclegan" else (FORTH,)
    parts: dict[str, nn.Module] = {
        name: TranslationGenerator(codec.sample_shape, config.width, config.depth, config.n_blocks)
        for name in directions
    }
    if config.network != "cyclegan":
        parts["heads"] = PatchHeads(parts[FORTH].widths)
    return nn.ModuleDict(parts)


def _discriminator(codec: Codec, config: TranslationConfig) -> nn.ModuleDict:
    directions = (FORTH, BACK) if config.network == "cyclegan" else (FORTH,)
    return nn.ModuleDict(
        {name: PatchDiscriminator(codec.sample_shape[0], config.d_width, config.d_depth) for name in directions}
    )
