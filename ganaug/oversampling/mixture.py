"""New samples from several sources at once, each with its share."""

import hashlib
from collections.abc import Mapping
from numbers import Real

import numpy as np

from ganaug.core.errors import ConfigError
from ganaug.data.encoded import Encoded
from ganaug.models.gan import ConditionalGAN
from ganaug.models.synthesizer import Synthesizer
from ganaug.oversampling.rows import Belonging
from ganaug.oversampling.sources import GANSource, Source


class Mixture(Synthesizer):
    """Makes samples of a class from fitted sources, each with its share, without those that look most like others.

    Parameters
    ----------
    data : Encoded
        What the sources were fitted to.
    sources : dict of str to Source
        Fitted, by name; those whose share is 0 may be missing.
    shares : dict of str to float
        Of the samples made, in [0, 1], adding up to 1; see `check_shares`.
    rejection : float, default=0.0
        This share of the candidates is discarded: those that belong least to the class
        (`ganaug.oversampling.rows.Belonging`). Nothing is discarded where there is no other class.

    Examples
    --------
    >>> from ganaug.data.encoded import encode
    >>> from ganaug.oversampling.sources import Repeat
    >>> data = encode([[1.0], [2.0], [5.0]], ["a", "a", "b"])
    >>> mixture = Mixture(data, {"repeat": Repeat().fit(data, np.random.default_rng(0))}, {"repeat": 1.0})
    >>> mixture.sample(2, label="b", random_state=0)
    [[5.0], [5.0]]
    """

    def __init__(
        self, data: Encoded, sources: Mapping[str, Source], shares: Mapping[str, float], rejection: float = 0.0
    ) -> None:
        self.data, self.codec, self.classes = data, data.codec, data.classes
        self.shares = check_shares(shares)
        self.sources = {name: sources[name] for name in self.shares}
        self.rejection = rejection if len(data.classes) > 1 else 0.0
        self._belonging: dict[int, Belonging] = {}

    @property
    def gan(self) -> ConditionalGAN | None:
        """The GAN among the sources, if there is one."""
        return next((source.gan for source in self.sources.values() if isinstance(source, GANSource)), None)

    def encoded(self, c: np.ndarray, rng: np.random.Generator, truncation: float | None = None) -> np.ndarray:
        """Make encoded samples of the conditions ``c (n,)``.

        Raises
        ------
        ConfigError
            If a truncation is asked for, which only a GAN alone has.
        """
        if truncation is not None:
            raise ConfigError("truncation has no meaning for a mixture of sources; use the GAN alone: sampler.gan_")
        made = np.empty((len(c), *self.codec.sample_shape), np.float32)
        for condition in np.unique(c).tolist():
            wanted = c == condition
            made[wanted] = self.draw(condition, int(wanted.sum()), rng)
        return made

    def draw(self, condition: int, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return n encoded samples of a class, ``(n, *sample_shape)`` float32, source after source."""
        if condition not in self._belonging and self.rejection:
            own = np.random.default_rng(condition)  # not `rng`: a second call with the same seed gives the same
            self._belonging[condition] = Belonging(self.data.floats(), self.data.c == condition, own)
        made = int(np.ceil(n / (1 - self.rejection)))
        stops = np.rint(np.cumsum([0, *self.shares.values()]) * made).astype(int)
        counts = np.diff(stops)
        parts = [source.draw(condition, k, rng) for source, k in zip(self.sources.values(), counts, strict=True) if k]
        samples = np.concatenate(parts)
        if made == n:
            return samples
        order = np.argsort(self._belonging[condition].rank(samples, rng), kind="stable")
        return samples[np.sort(order[made - n :])]

    def digest(self) -> str:
        """Return a SHA-256 of the shares, the real samples, the sources' seeds and the GAN."""
        seeds = [source.seed for source in self.sources.values() if hasattr(source, "seed")]
        digest = hashlib.sha256(f"{self.shares} {self.rejection} {seeds}".encode())
        for array in (self.data.x, self.data.c):
            digest.update(np.ascontiguousarray(array).tobytes())
        if self.gan is not None:
            digest.update(self.gan.digest().encode())
        return digest.hexdigest()

    def __repr__(self) -> str:
        shares = ", ".join(f"{name}: {share:g}" for name, share in self.shares.items())
        return f"Mixture({self.codec.schema.describe()}; {{{shares}}})"


def check_shares(shares: Mapping[str, float]) -> dict[str, float]:
    """Return the shares of sources that have one.

    Raises
    ------
    ConfigError
        If one is not in [0, 1], or they do not add up to 1.
    """
    numbers = all(isinstance(share, Real) and 0 <= share <= 1 for share in shares.values())
    if not numbers or not np.isclose(sum(shares.values()), 1):
        raise ConfigError(f"sources are shares in [0, 1] by name that add up to 1; got {dict(shares)}")
    return {name: share for name, share in shares.items() if share > 0}
