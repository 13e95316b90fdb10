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
        The name of the class to translate; by default the largest.
    **settings
        As for `train_translator`; 1,000 steps by default.

    Raises
    ------
    ConfigError
        In `fit`, if the data are no images; in `draw`, if a class is to be translated into itself.
    SchemaError
        In `fit`, if there is no such class.
    """

    def __init__(self, source: str = "", **settings: Any) -> None:
        self.source = source
        self.settings = settings

    def fit(self, data: Encoded, rng: np.random.Generator) -> Self:
        """Keep the data, and choose the class to translate."""
        if data.x.ndim != 4:
            raise ConfigError(f"the source 'translate' translates images; these are {data.kind.plural}")
        self.data = data
        self.seed = as_seed(rng)
        label = data.classes.named(self.source) if self.source else None
        self.origin = int(np.argmax(data.classes.counts)) if label is None else int(data.classes.index([label])[0])
        self.translators: dict[int, Translator] = {}
        return self

    def draw(self, condition: int, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return n translations of images that are drawn with replacement."""
        if condition == self.origin:
            said = str(self.data.classes.labels[condition])
            raise ConfigError(f"class {said!r} cannot be translated into itself; name another: 'translate:NAME'")
        if condition not in self.translators:
            rows = np.flatnonzero(np.isin(self.data.c, [condition, self.origin]))
            self.translators[condition] = train_encoded(
                self.data.take(rows),
                target=int(condition > self.origin),
                random_state=(self.seed + condition) % 2**31,
                **{"max_steps": STEPS} | self.settings,
            )
        return self.translators[condition].encoded(np.full(n, int(condition > self.origin)), rng)
