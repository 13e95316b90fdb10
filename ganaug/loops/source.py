"""Where transforms get samples from: a pool, or on an accelerator the model itself."""

import os
import shutil
import tempfile
import weakref
from collections.abc import Hashable, Mapping, Sequence
from contextlib import ExitStack
from copy import deepcopy
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from ganaug.core.errors import ConfigError, SchemaError
from ganaug.core.seeds import as_seed
from ganaug.loops.pool import Pool, as_pixels, is_pool, make_pool, stored_as
from ganaug.models.synthesizer import Synthesizer, load

_temporary: weakref.WeakValueDictionary[Hashable, Pool] = weakref.WeakValueDictionary()


class Live:
    """Samples made when they are asked for, on the device that asks; it stays in the process that made it."""

    def __init__(self, synthesizer: Synthesizer) -> None:
        stored_as(synthesizer, "uint8")
        codec: Any = synthesizer.codec
        self.classes, self.shape = synthesizer.classes, tuple(codec.sample_shape)
        self.scale, self.whole, self.dtype = codec.scale, codec.whole, np.dtype(codec.schema.dtype)
        self._synthesizer = synthesizer
        self._moved: dict[str, Synthesizer] = {}
        self._held = ExitStack()

    def tensors(self, c: Sequence[int], device: torch.device) -> Tensor:
        """Return one sample for each condition, ``(n, channels, height, width)`` uint8; torch's generator seeds them.

        They pass through the codec, as those of a pool do: rounded, and in the range of the training data.
        """
        if torch.utils.data.get_worker_info() is not None:
            raise ConfigError("live sampling belongs to the main process; give loader workers a pool: ganaug.make_pool")
        if str(device) not in self._moved:
            moved = deepcopy(self._synthesizer)
            self._held.enter_context(moved.on_device(str(device)))
            self._moved[str(device)] = moved
        rng = np.random.default_rng(int(torch.randint(2**31 - 1, ())))
        encoded = self._moved[str(device)].encoded(np.asarray(c, dtype=np.int64), rng)
        codec = self._synthesizer.codec
        return torch.from_numpy(as_pixels(codec, codec.decode(encoded, rng))).to(device)

    def __getstate__(self) -> dict[str, Any]:
        raise ConfigError("live sampling cannot be sent to another process; give it a pool: ganaug.make_pool")


def as_source(
    source: Synthesizer | Pool | str | Path, n_per_class: int, *, live: bool = False, random_state: Any = None
) -> Pool | Live:
    """Return a pool, or a live model if `live`, for a model, a pool, or the path of either.

    A model given as a path gets one temporary pool a process, whoever asks.
    """
    if isinstance(source, Pool):
        return _of_pictures(source)
    if not isinstance(source, Synthesizer):
        if is_pool(Path(source)):
            return _of_pictures(Pool(source))
        if not live:
            gan = load(source)
            key = (gan.sha256, n_per_class, random_state)
            pool = _temporary.get(key) or temporary(gan, n_per_class, random_state)
            return _temporary.setdefault(key, pool)
        source = cast(Synthesizer, load(source))
    return Live(source) if live else temporary(source, n_per_class, random_state)


def _of_pictures(pool: Pool) -> Pool:
    if pool.stored != "uint8":
        raise SchemaError(f"{pool.path} has no images, which this transform takes; use SyntheticMix or PoolDataset")
    return pool


def temporary(synthesizer: Synthesizer, n_per_class: int | Mapping[Any, int], random_state: Any = None) -> Pool:
    """Make a pool that is deleted with the object; unseeded, its seed is drawn from torch's generator."""
    seed = int(torch.randint(2**31 - 1, ())) if random_state is None else as_seed(random_state)
    folder = tempfile.mkdtemp(prefix="ganaug-")
    try:
        pool = make_pool(synthesizer, n_per_class, Path(folder) / "pool.safetensors", random_state=seed)
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
