"""Translations as a source of new samples for the over-sampler."""

from typing import Any, Self

import numpy as np
from ganaug.core.errors import ConfigError
from ganaug.core.seeds import as_seed
from ganaug.data.encoded import Encoded
from ganaug.oversampling.sources import Source

from ganaug_translate.training import train_encoded
from ganaug_translate.translator import Translator

STEPS = 1_000  # of each translator: a third of a full training, as for the GAN that the judge tries


class Translation(Source):
    """Images of a frequent class, translated into the class that is asked for.

    ``GANOverSampler(sources={"translate:normal": 0.5, "deformation": 0.5})``: for each class that is over-sampled, a
    translator is trained when the class is first drawn.

    Parameters
    ----------
    source : str, default=""
        The name of the class to translate; by default, and for that class itself, the largest other one.
    **settings
        As for `train_translator`; 1,000 steps by default.

    Raises
    ------
    ConfigError
        In `fit`, if the data are no images, or of one class only.
    SchemaError
        In `fit`, if there is no such class.
    """

    def __init__(self, source: str = "", **settings: Any) -> None:
        self.source = source
        self.settings = settings

    def fit(self, data: Encoded, rng: np.random.Generator) -> Self:
        """Keep the data; translators are trained when they are needed."""
        if data.x.ndim != 4:
            raise ConfigError(f"the source 'translate' translates images; these are {data.kind.plural}")
        if len(data.classes) < 2:
            raise ConfigError("the source 'translate' needs a class to translate from; there is one class only")
        self.data = data
        self.seed = as_seed(rng)
        named = data.classes.index([data.classes.named(self.source)]).tolist() if self.source else []
        largest = np.argsort(data.classes.counts, kind="stable")[::-1].tolist()
        self.preferred = [*named, *largest]
        self.translators: dict[int, Translator] = {}
        return self

    def draw(self, condition: int, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return n translations of images that are drawn with replacement."""
        origin = next(k for k in self.preferred if k != condition)
        target = int(condition > origin)
        if condition not in self.translators:
            self.translators[condition] = train_encoded(
                self.data.take(np.flatnonzero(np.isin(self.data.c, [condition, origin]))),
                target=target,
                random_state=(self.seed + condition) % 2**31,
                **{"max_steps": STEPS} | self.settings,
            )
        return self.translators[condition].encoded(np.full(n, target), rng)
