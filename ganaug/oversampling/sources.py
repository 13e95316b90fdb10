"""Where new samples of a rare class come from: a source learns from encoded data, and draws encoded samples."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Self

import numpy as np

from ganaug.core.config import TrainConfig
from ganaug.core.seeds import as_seed
from ganaug.data.encoded import Encoded
from ganaug.finetuning.finetune import Finetune, finetune_encoded
from ganaug.models.gan import ConditionalGAN
from ganaug.training.train import train_encoded


class Source(ABC):
    """Makes new samples of a class from what it learnt of all classes.

    Registered in the entry-point group ``ganaug.sources`` as a class that is called without arguments.
    """

    @abstractmethod
    def fit(self, data: Encoded, rng: np.random.Generator) -> Self:
        """Learn from labelled data."""

    @abstractmethod
    def draw(self, condition: int, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return n new samples of a class, ``(n, *sample_shape)`` float32, in encoded space."""


class OwnSamples(Source):
    """Base of sources that make new samples of a class from its real ones alone."""

    def fit(self, data: Encoded, rng: np.random.Generator) -> Self:
        """Keep the data; what has to be prepared for a class is prepared when the class is first drawn."""
        self.data = data
        self._seed = as_seed(rng)
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
            own = np.random.default_rng([self._seed, condition])
            self._prepared[condition] = self.prepare(self.data.own(condition), own)
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
        Settings of its training.
    pretrained : ConditionalGAN, str, Path or Finetune, optional
        What it starts from; by default it learns from scratch.
    """

    def __init__(
        self, config: TrainConfig | None = None, pretrained: ConditionalGAN | str | Path | Finetune | None = None
    ) -> None:
        self.config = config or TrainConfig()
        self.pretrained = pretrained

    def fit(self, data: Encoded, rng: np.random.Generator) -> Self:
        """Train the GAN, or fine-tune the pretrained one."""
        if self.pretrained is None:
            self.gan = train_encoded(data, self.config, random_state=rng)
        else:
            start = self.pretrained if isinstance(self.pretrained, Finetune) else Finetune(self.pretrained)
            given = {name: getattr(self.config, name) for name in self.config.model_fields_set}
            self.gan = finetune_encoded(start, data, given, random_state=rng)
        return self

    def draw(self, condition: int, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return n samples of the averaged generator."""
        return self.gan.encoded(np.full(n, condition), rng)
