"""A pool that follows how the training goes."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ganaug.core.errors import ConfigError, PoolError, SchemaError
from ganaug.core.seeds import as_seed
from ganaug.finetuning.finetune import finetune
from ganaug.loops.pool import Pool, write
from ganaug.models.gan import ConditionalGAN


class PoolRefresh:
    """Between epochs, teaches the model more about the classes that go badly, and replaces the pool's samples of them.

    Each of these classes gets a model fine-tuned on it alone with the others that go badly; the samples of all other
    classes stay. The file is replaced as a whole: loaders that are reading it go on, and have the new samples at once.

    Parameters
    ----------
    gan : ConditionalGAN
        The model that the pool is from; it stays as it is.
    pool : Pool, str or Path
        What loaders read.
    X, y : as for `ganaug.train`
        Real training data, in the form that the model was trained on.
    n_hard : int, default=1
        How many classes are refreshed in a call.
    random_state : int, RandomState, Generator or None, default=None
        The same integer gives the same pools.
    **settings
        As for `ganaug.finetune`, for example ``max_steps``.

    Examples
    --------
    >>> refresh = PoolRefresh(gan, "digits.pool", X, y, n_hard=2, max_steps=200)  # doctest: +SKIP
    >>> for epoch in range(30):  # doctest: +SKIP
    ...     train_one_epoch(loader)
    ...     if epoch % 10 == 9:
    ...         refresh(recall_per_class())
    """

    def __init__(
        self,
        gan: ConditionalGAN,
        pool: Pool | str | Path,
        X: Any,
        y: Any,
        *,
        n_hard: int = 1,
        random_state: Any = None,
        **settings: Any,
    ) -> None:
        self.pool = pool if isinstance(pool, Pool) else Pool(pool)
        self.X, self.y = X, y
        self.n_hard = n_hard
        self.settings = settings
        self._rng = np.random.default_rng(as_seed(random_state))
        self._models = dict.fromkeys(self.pool.classes_.tolist(), gan)
        if n_hard < 1:
            raise ConfigError(f"n_hard must be positive; got {n_hard!r}")
        missing = set(self._models) - set(np.unique(np.asarray(y)).tolist())
        if missing:
            raise SchemaError(
                f"y has no {sorted(missing, key=str)[0]!r}, which the pool has; give the real data of all"
            )

    def __call__(self, recall: Mapping[Any, float]) -> list[Any]:
        """Refresh the classes of lowest `recall`, and return them.

        Parameters
        ----------
        recall : dict
            For the pool's classes, or some of them, how well they are recognised; held-out real data say it best.

        Raises
        ------
        SchemaError
            If none of the classes is the pool's.
        """
        known = [label for label in recall if label in self._models]
        if not known:
            raise SchemaError(f"recall is about {list(recall)[:5]}; the pool's classes are {list(self._models)[:5]}")
        hard = sorted(known, key=lambda label: recall[label])[: self.n_hard]
        y = np.asarray(self.y)
        rows = np.flatnonzero(np.isin(y, hard))
        start = self._models[hard[0]]
        X = [self.X[i] for i in rows] if isinstance(self.X, list) else self.X[rows]
        gan = finetune(start, X, y[rows], random_state=self._rng, **self.settings)
        self._models |= dict.fromkeys(hard, gan)
        self._replace(set(hard), gan)
        return hard

    def _replace(self, hard: set[Any], gan: ConditionalGAN) -> None:
        pool, seed = self.pool, as_seed(self._rng)
        codec: Any = gan.codec
        if tuple(codec.sample_shape) != pool.shape:
            raise PoolError(f"X are images of {codec.sample_shape}, the pool's of {pool.shape}; give it the same data")
        (low, high), (zero, full) = codec.scale, pool.scale

        def pixels(X: Any) -> np.ndarray:
            values = (codec.encode(X) + 1) * ((high - low) / 2) + low
            return np.rint((values - zero) * (255 / (full - zero))).clip(0, 255).astype(np.uint8)

        def chunks() -> Iterator[np.ndarray]:
            for c, (label, n) in enumerate(pool.counts.items()):
                rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(c, 0)))
                if label in hard:
                    yield from map(pixels, gan.sample_iter(n, label=label, random_state=rng))
                else:
                    yield from pool.chunks(label)

        fields = ("shape", "scale", "whole", "dtype")
        described = {name: pool.header[name] for name in fields} | {"seed": seed, "checkpoint_sha256": None}
        write(pool.path, pool.classes, chunks(), described, overwrite=True)
