"""Where new samples of a rare class come from: a source learns from encoded data, and draws encoded samples."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np

from ganaug.core import registry
from ganaug.core.config import TrainConfig
from ganaug.core.errors import ConfigError
from ganaug.core.seeds import as_seed
from ganaug.data.encoded import Encoded
from ganaug.finetuning.finetune import Finetune, finetune_encoded
from ganaug.models.gan import ConditionalGAN
from ganaug.training.train import train_encoded

GAN = "gan"


class Source(ABC):
    """Makes new samples of a class from what it learnt of all classes.

    Registered in the entry-point group ``ganaug.sources`` as a class that is called without arguments; it may take one,
    a text that follows the name after a colon: ``"translate:normal"``.

    Examples
    --------
    >>> from ganaug.data.encoded import encode
    >>> data = encode([[1.0], [2.0], [5.0]], ["a", "a", "b"])
    >>> source: Source = Repeat().fit(data, np.random.default_rng(0))
    >>> source.draw(1, 2, np.random.default_rng(0)).shape
    (2, 1)
    """

    @abstractmethod
    def fit(self, data: Encoded, rng: np.random.Generator) -> Self:
        """Learn from labelled data."""

    @abstractmethod
    def draw(self, condition: int, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return n new samples of a class, ``(n, *sample_shape)`` float32, in encoded space."""

    def augmentation(self) -> Any:
        """Return a torchvision v2 transform that does to any image what the source does to a rare one, or None."""
        return None


class OwnSamples(Source):
    """Base of sources that make new samples of a class from its real ones alone.

    Examples
    --------
    >>> from ganaug.data.encoded import encode
    >>> class Noisy(OwnSamples):
    ...     def make(self, prepared, n, rng):
    ...         chosen = prepared[rng.integers(len(prepared), size=n)]
    ...         return chosen + rng.normal(scale=0.1, size=chosen.shape).astype(np.float32)
    >>> data = encode([[1.0], [2.0], [5.0]], ["a", "a", "b"])
    >>> Noisy().fit(data, np.random.default_rng(0)).draw(0, 3, np.random.default_rng(0)).shape
    (3, 1)
    """

    def fit(self, data: Encoded, rng: np.random.Generator) -> Self:
        """Keep the data; what has to be prepared for a class is prepared when the class is first drawn."""
        self.data = data
        self.seed = as_seed(rng)
        self._prepared: dict[int, Any] = {}
        return self

    def prepare(self, own: np.ndarray, rng: np.random.Generator) -> Any:
        """Return what `make` needs of a class's samples ``(m, *sample_shape)``: by default these."""
        return own

    @abstractmethod
    def make(self, prepared: Any, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return n new samples from what `prepare` gave."""

    def draw(self, condition: int, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return n new samples of a class."""
        if condition not in self._prepared:
            own = np.random.default_rng([self.seed, condition])
            self._prepared[condition] = self.prepare(self.data.of_class(condition), own)
        return self.make(self._prepared[condition], n, rng)


class Repeat(OwnSamples):
    """Real samples of the class as they are: random over-sampling."""

    def make(self, prepared: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw with replacement."""
        return prepared[rng.integers(len(prepared), size=n)]


class GANSource(Source):
    """Samples of a conditional GAN that learns all classes together.

    Parameters
    ----------
    config : TrainConfig, optional
        Settings of its training; by default those of the over-sampler.
    pretrained : ConditionalGAN, str, Path or Finetune, optional
        What it starts from; by default it learns from scratch.
    """

    def __init__(
        self, config: TrainConfig | None = None, pretrained: ConditionalGAN | str | Path | Finetune | None = None
    ) -> None:
        self.config = config or TrainConfig(quality="oversampling")
        self.pretrained = pretrained

    def fit(self, data: Encoded, rng: np.random.Generator) -> Self:
        """Train the GAN, or fine-tune the pretrained one."""
        if self.pretrained is None:
            self.gan = train_encoded(data, self.config, random_state=rng)
        else:
            start = self.pretrained if isinstance(self.pretrained, Finetune) else Finetune(self.pretrained)
            self.gan = finetune_encoded(start, data, given(self.config), random_state=rng)
        return self

    def draw(self, condition: int, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return n samples of the averaged generator."""
        return self.gan.encoded(np.full(n, condition), rng)


def factory(
    name: str, config: TrainConfig, pretrained: ConditionalGAN | str | Path | Finetune | None = None
) -> Callable[[], Source]:
    """Return what makes an unfitted source of a registered name; the GAN's gets `config` and `pretrained`.

    Raises
    ------
    PluginNotFoundError
        If no source has that name.
    ConfigError
        If something follows the name after a colon, and the source takes nothing.
    """
    plain, colon, argument = name.partition(":")
    made: Any = registry.lookup("sources", plain)
    if colon:
        if not inspect.signature(made).parameters or issubclass(made, GANSource):
            raise ConfigError(f"source {plain!r} takes nothing after its name; got {name!r}")
        return partial(made, argument)
    return partial(made, config, pretrained) if issubclass(made, GANSource) else made


def given(config: Any) -> dict[str, Any]:
    """Return the settings that a configuration or a dict gives, without those left at their default; else none."""
    if isinstance(config, TrainConfig):
        return {name: getattr(config, name) for name in sorted(config.model_fields_set)}
    return dict(config) if isinstance(config, Mapping) else {}


def fewer_steps(config: TrainConfig, data: Encoded, share: float) -> TrainConfig:
    """Return the same settings with a share of the generator steps."""
    steps = config.max_steps
    if steps == "auto":
        steps = data.kind.settings(data.codec, data.classes, "cpu", config.quality)["max_steps"]
    return TrainConfig(**given(config) | {"max_steps": max(1, round(share * steps))})
