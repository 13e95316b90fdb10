"""Where transforms get samples from, a pool or on an accelerator the model itself, and what its labels mean."""

import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ganaug.core.classes import Classes
from ganaug.core.errors import ConfigError, PoolError, SchemaError, did_you_mean
from ganaug.core.seeds import as_seed
from ganaug.finetuning.finetune import finetune
from ganaug.loops.pool import Pool, is_pool, make_pool, write
from ganaug.models.gan import ConditionalGAN, load

__all__ = ["Live", "Pool", "PoolRefresh", "as_source", "condition_of", "draw", "matched", "plain", "temporary"]

_temporary: weakref.WeakValueDictionary[Hashable, Pool] = weakref.WeakValueDictionary()


class Live:
    """Samples made when they are asked for, on the device that asks; it stays in the process that made it."""

    def __init__(self, gan: ConditionalGAN) -> None:
        codec: Any = gan.codec
        if codec.schema.kind != "image":
            raise SchemaError(f"this model makes a {codec.schema.describe()}; images are needed")
        self.classes, self.shape = gan.classes, tuple(codec.sample_shape)
        self.scale, self.whole, self.dtype = codec.scale, codec.whole, np.dtype(codec.schema.dtype)
        self._generator, self._latent_dim = gan.generator_ema, gan.latent_dim
        self._moved: dict[torch.device, torch.nn.Module] = {}

    @torch.no_grad()
    def tensors(self, c: Sequence[int], device: torch.device) -> Tensor:
        """Return one sample for each condition, ``(n, channels, height, width)`` uint8."""
        if torch.utils.data.get_worker_info() is not None:
            raise ConfigError("live sampling belongs to the main process; give loader workers a pool: ganaug.make_pool")
        if device not in self._moved:
            self._moved[device] = deepcopy(self._generator).to(device)
        z = torch.randn(len(c), self._latent_dim, device=device)
        made = self._moved[device](z, torch.tensor(c, device=device))
        return ((made.float() + 1) * 127.5).round_().clamp_(0, 255).to(torch.uint8)

    def __getstate__(self) -> dict[str, Any]:
        raise ConfigError("live sampling cannot be sent to another process; give it a pool: ganaug.make_pool")


def as_source(
    source: ConditionalGAN | Pool | str | Path, n_per_class: int, *, live: bool = False, random_state: Any = None
) -> Pool | Live:
    """Return a pool, or a live model if `live`, for a model, a pool, or the path of either.

    A model given as a path gets one temporary pool a process, whoever asks.
    """
    if isinstance(source, Pool):
        return source
    if not isinstance(source, ConditionalGAN):
        if is_pool(Path(source)):
            return Pool(source)
        if not live:
            gan = load(source)
            key = (gan.sha256, n_per_class, random_state)
            pool = _temporary.get(key) or temporary(gan, n_per_class, random_state)
            return _temporary.setdefault(key, pool)
        source = load(source)
    return Live(source) if live else temporary(source, n_per_class, random_state)


def temporary(gan: ConditionalGAN, n_per_class: int | Mapping[Any, int], random_state: Any = None) -> Pool:
    """Make a pool that is deleted with the object; unseeded, its seed is drawn from torch's generator."""
    seed = int(torch.randint(2**31 - 1, ())) if random_state is None else as_seed(random_state)
    folder = tempfile.mkdtemp(prefix="ganaug-")
    try:
        pool = make_pool(gan, n_per_class, Path(folder) / "pool.safetensors", random_state=seed)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(pool, _remove, folder, os.getpid())
    return pool


def _remove(folder: str, owner: int) -> None:
    if os.getpid() == owner:  # a forked worker drops its copy of the object, not the file
        shutil.rmtree(folder, ignore_errors=True)


def draw(source: Pool | Live, c: Sequence[int], device: torch.device) -> Tensor:
    """Return one random sample for each condition, ``(n, channels, height, width)`` uint8; torch's generator draws."""
    if isinstance(source, Live):
        return source.tensors(c, device)
    u = torch.rand(len(c), dtype=torch.float64).tolist()
    return torch.from_numpy(source.pick(c, u)).to(device)


def plain(label: Any) -> Any:
    """Return a label as Python's own int, str or bool."""
    size = label.numel() if isinstance(label, Tensor) else getattr(label, "size", 0)
    return label.item() if size == 1 else label


def matched(
    classes: Classes,
    labels: Iterable[Any],
    names: Sequence[Any] | None,
    *,
    strict_names: bool = False,
    required: Iterable[Any] | None = None,
) -> dict[Any, int]:
    """Return the condition of each label that a data set uses, by the rule that finds most of them.

    Parameters
    ----------
    classes : Classes
        Of the pool or the model.
    labels : iterable
        What the data set says; plain Python values.
    names : sequence, optional
        What integer labels mean: label i is called ``names[i]``.
    strict_names : bool, default=False
        Whether names have to be used. Otherwise labels that are equal, or read the same, will do.
    required : iterable, optional
        Labels that must be found; by default all. At least one has to be.

    Raises
    ------
    SchemaError
        If they are not.
    """
    labels = list(labels)
    known = {label: i for i, label in enumerate(classes.labels.tolist())}
    texts = {str(label): i for label, i in known.items()}
    rules: list[Callable[[Any], Any]] = []
    if names is not None:
        rules.append(lambda label: texts.get(str(_name(names, label))))
    if names is None or not strict_names:
        rules += [known.get, lambda label: texts.get(str(label))]
    found = max(({label: c for label in labels if (c := rule(label)) is not None} for rule in rules), key=len)
    missing = [label for label in (labels if required is None else required) if label not in found]
    if not missing and (found or not labels):
        return found
    name = _name(names or [], (missing or labels)[0])
    raise SchemaError(
        f"the model has no class {name!r}; {did_you_mean(name, known)}. If labels are numbers and the model's classes "
        "are names, say which is which: names=dataset.classes"
    )


def condition_of(classes: Classes, label: Any, names: Sequence[Any] | None) -> int:
    """Return the condition of one label, -1 if the model lacks the class.

    Raises
    ------
    SchemaError
        If labels are numbers and the classes are names, or the other way round, and `names` says nothing.
    """
    try:
        return matched(classes, [label], names, strict_names=True)[label]
    except SchemaError:
        if names is None and isinstance(label, str) != isinstance(classes.labels.tolist()[0], str):
            raise
        return -1


def _name(names: Sequence[Any], label: Any) -> Any:
    if isinstance(label, int) and 0 <= label < len(names):
        return names[label]
    return label


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

        said = ("shape", "scale", "whole", "dtype")
        described = {name: pool.header[name] for name in said} | {"seed": seed, "checkpoint_sha256": None}
        write(pool.path, pool.classes, chunks(), described, overwrite=True)
