"""What every model that makes samples of a class has in common, whatever it learnt them by."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from ganaug.core import checkpoint, registry
from ganaug.core.classes import Classes
from ganaug.core.errors import ConfigError
from ganaug.core.seeds import as_seed
from ganaug.data.codec import Codec, concatenate

_CHUNK_NUMBERS = 2**19  # numbers in one encoded chunk: larger ones leave the cache, and cost a network memory
_CHUNK_SAMPLES = 16_384


class Synthesizer(ABC):
    """Makes samples of the class you ask for; samplers, pools, `ganaug.synthesize` and `ganaug.evaluate` take any.

    A subclass sets `codec` and `classes`, and implements `encoded` and `digest`.

    Attributes
    ----------
    codec : Codec
        User data ↔ encoded arrays.
    classes : Classes
        Labels and their training counts.
    sha256 : str or None
        Digest of the checkpoint that it was loaded from, or saved to last.

    Examples
    --------
    >>> import numpy as np
    >>> from ganaug.data.encoded import encode
    >>> class Repeated(Synthesizer):
    ...     def __init__(self, X, y):
    ...         self.data = encode(X, y)
    ...         self.codec, self.classes = self.data.codec, self.data.classes
    ...     def encoded(self, c, rng, truncation=None):
    ...         return np.stack([rng.choice(self.data.of_class(label)) for label in c])
    ...     def digest(self):
    ...         return "0" * 64
    >>> Repeated([[1.0], [2.0], [5.0]], ["a", "a", "b"]).sample(2, label="b", random_state=0)
    [[5.0], [5.0]]
    """

    codec: Codec
    classes: Classes
    sha256: str | None = None

    @abstractmethod
    def encoded(self, c: np.ndarray, rng: np.random.Generator, truncation: float | None = None) -> np.ndarray:
        """Make encoded samples, ``(n, *sample_shape)`` float32, of the conditions ``c (n,)``, int64, in one piece."""

    @abstractmethod
    def digest(self) -> str:
        """Return a SHA-256 of all that its samples depend on, saved or not."""

    def on_device(self, name: str) -> AbstractContextManager[None]:
        """Make samples on a torch device inside the block; without networks, nothing happens."""
        return nullcontext()

    @property
    def classes_(self) -> np.ndarray:
        """Labels that can be asked for, sorted."""
        return self.classes.labels

    def sample(
        self,
        n: int | None = None,
        *,
        label: Any = None,
        labels: Iterable[Any] | None = None,
        truncation: float | None = None,
        random_state: Any = None,
    ) -> Any:
        """Make new samples, in the container, dtypes and columns of the training data.

        Parameters
        ----------
        n : int, optional
            How many samples of `label`.
        label : object, optional
            One class; may be left out if the model knows only one.
        labels : iterable of shape (n_samples,), optional
            A class for each sample, instead of `n` and `label`.
        truncation : float, optional
            Draw latents from a normal distribution that is cut off at ±`truncation`, greater than 0: the smaller, the
            more typical and the more alike are the samples (Brock et al. 2019, arXiv:1809.11096). The same
            `random_state` gives samples that correspond to those of None, the default: the whole distribution. The
            noise that draws categories of a table is left alone.
        random_state : int, RandomState, Generator or None, default=None
            The same integer gives the same samples.

        Returns
        -------
        X : same type as the training data, of shape (n_samples, ...)

        Raises
        ------
        SchemaError
            If a class is unknown.
        ConfigError
            If `n` or `truncation` is not positive, or it is not clear what is asked for.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> gan = ganaug.train(*load_iris(return_X_y=True), max_steps=20, random_state=0)
        >>> gan.sample(5, label=1, random_state=0).shape
        (5, 4)
        """
        return concatenate(
            list(self.sample_iter(n, label=label, labels=labels, truncation=truncation, random_state=random_state))
        )

    def sample_iter(
        self,
        n: int | None = None,
        *,
        label: Any = None,
        labels: Iterable[Any] | None = None,
        truncation: float | None = None,
        random_state: Any = None,
    ) -> Iterator[Any]:
        """Make the same samples as `sample`, chunk by chunk, in memory that does not grow with `n`."""
        c = self._conditions(n, label, labels)
        if truncation is not None and not (isinstance(truncation, Real) and 0 < truncation < np.inf):
            raise ConfigError(f"truncation must be a positive number, or None; got {truncation!r}")
        rng = np.random.default_rng(as_seed(random_state))
        size = max(1, min(_CHUNK_SAMPLES, _CHUNK_NUMBERS // max(1, int(np.prod(self.codec.sample_shape)))))
        chunks = (c[i : i + size] for i in range(0, len(c), size))
        return (self.codec.decode(self.encoded(chunk, rng, truncation), rng) for chunk in chunks)

    def _conditions(self, n: int | None, label: Any, labels: Iterable[Any] | None) -> np.ndarray:
        if labels is not None:
            if n is not None or label is not None:
                raise ConfigError("give either n and label, or labels; got both")
            c = self.classes.index(labels)
            if len(c) == 0:
                raise ConfigError("labels is empty; ask for at least one sample")
            return c
        if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < 1:
            raise ConfigError(f"n must be a positive integer; got {n!r}")
        if label is None and len(self.classes) > 1:
            raise ConfigError(f"say which class: label= one of {self.classes_.tolist()}")
        return np.broadcast_to(self.classes.index([self.classes_[0] if label is None else label]), n)


def load(path: str | Path) -> Any:
    """Load the model that a checkpoint holds: a `ConditionalGAN`, or what a plugin's `save` wrote.

    The header says which class it is of, by its name in the entry-point group ``ganaug.synthesizers``.

    Parameters
    ----------
    path : str or Path
        The file; or ``"name:item"``, a checkpoint that a plugin brings, or of the Hugging Face hub
        (``"hf://user/model"``, needs the extra ``hub``).

    Returns
    -------
    ConditionalGAN or other Synthesizer

    Raises
    ------
    CheckpointError
        As `ConditionalGAN.load`. Nothing is ever unpickled.
    PluginNotFoundError
        If no installed distribution brings the class, or what the name before the colon stands for.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_iris
    >>> gan = ganaug.train(*load_iris(return_X_y=True), max_steps=5, random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     digest = gan.save(f"{folder}/iris.safetensors")
    ...     again = ganaug.load(f"{folder}/iris.safetensors")
    >>> bool((again.sample(5, label=1, random_state=0) == gan.sample(5, label=1, random_state=0)).all())
    True
    """
    name = checkpoint.read_header(path).get("synthesizer", "gan")
    return registry.lookup("synthesizers", str(name)).load(path)
