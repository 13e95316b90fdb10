"""A data set with its rare classes filled up."""

import operator
import random
import reprlib
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import ConcatDataset, Dataset, Subset, TensorDataset, get_worker_info

from ganaug.core.errors import ConfigError, PoolError, SchemaError, did_you_mean
from ganaug.loops.appearance import Likeness, NumberLikeness
from ganaug.loops.labels import matched, plain
from ganaug.loops.own_transforms import REMEDY, apply_own, bare, has_own, refuse_hidden, transformed
from ganaug.loops.pool import Pool, is_pool
from ganaug.loops.source import temporary
from ganaug.models.synthesizer import Synthesizer, load

_MAX_SAMPLES_OF_CLASS = 10_000  # in a pool that is made here
_TARGETS = ("targets", "labels", "_labels", "y")  # what data sets call their labels, in order of preference
_MAX_RATIO = 32  # of the largest values of real and synthetic images: 16 bits have 257 times those of 8


class SyntheticMix(Dataset):
    """The items of a data set, followed by as many of its rare classes as you ask for, real ones again and synthetic.

    Items 0 to ``len(dataset) - 1`` are the data set's own. Those that follow belong to the classes that are filled up,
    class by class: first real items again, in turn, then synthetic ones. A synthetic item is another one at every
    access, drawn by torch's generator: workers and epochs differ, and the same seed gives the same. Items keep their
    type, and pass through the data set's own transforms.

    Parameters
    ----------
    dataset : map-style Dataset
        Its items are ``(image, label)`` or dicts. Images are PIL images, tensors, ``tv_tensors.Image`` or arrays.
    source : Pool, Synthesizer, str or Path
        A pool or a model, or the file of either. Of a model, a temporary pool is made here: no worker sees the model.
    balance : True or dict, default=True
        True: every class gets as many items as the largest one; a class that the source lacks gets real ones again. A
        dict, ``{class: n}``: these classes get n items, real and synthetic together, as imbalanced-learn's
        ``sampling_strategy`` has it; keys are labels or names.
    share : float, default=0.25
        At most this share of a class's items is synthetic; the rest of what is added repeats real ones, which random
        transforms vary. 0 is random over-sampling; 1 adds synthetic items only.
    transform : callable, optional
        Applied to the image of every item, real or synthetic, after the data set's own transforms. Albumentations
        are called as they like it.
    image_key, label_key : str
        Where dict items have them.
    targets : sequence of shape (len(dataset),), optional
        Labels of the items. Read off the data set by default; without ``targets``, ``labels`` or a column of that name,
        by going through all items once.
    names : sequence of str, optional
        What integer labels mean; the data set's ``classes`` by default.
    random_state : int, RandomState, Generator or None, default=None
        Seeds the pool of a model; None draws from torch's generator.

    Attributes
    ----------
    targets : ndarray of shape (n_items,)
        The label of every item.
    classes : list
        The data set's class names, or its labels.
    is_synthetic : ndarray of bool, of shape (n_items,)
    pool : Pool

    Raises
    ------
    SchemaError
        If no class, or not one that `balance` names, is the model's, or synthetic images do not look like real ones.
    ConfigError
        If `balance` or `share` make no sense.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from torch.utils.data import TensorDataset
    >>> images = np.random.default_rng(0).integers(0, 256, (24, 8, 8), dtype=np.uint8)
    >>> labels = np.repeat([0, 1], [20, 4])
    >>> gan = ganaug.train(images, labels, max_steps=2, random_state=0)
    >>> mix = SyntheticMix(TensorDataset(torch.tensor(images)[:, None], torch.tensor(labels)), gan)
    >>> np.bincount(mix.targets).tolist(), int(mix.is_synthetic.sum())
    ([20, 20], 5)
    """

    def __init__(
        self,
        dataset: Any,
        source: Synthesizer | Pool | str | Path,
        *,
        balance: bool | Mapping[Any, int] = True,
        share: float = 0.25,
        transform: Any = None,
        image_key: str = "image",
        label_key: str = "label",
        targets: Any = None,
        names: Sequence[Any] | None = None,
        random_state: Any = None,
    ) -> None:
        if not hasattr(dataset, "__getitem__") or not hasattr(dataset, "__len__") or len(dataset) == 0:
            raise SchemaError("expected a map-style dataset with items: one with dataset[0] and len(dataset)")
        if isinstance(share, bool) or not 0 <= share <= 1:
            raise ConfigError(f"share must be between 0 and 1; got {share!r}")
        self.dataset = dataset
        self.transform = transform
        self._generator: torch.Generator | None = None  # None: torch's own
        self.keys: tuple[Any, Any] = (image_key, label_key)
        real = _targets(dataset, targets, label_key)
        known = names if names is not None else _names(dataset, label_key)
        labels = list(dict.fromkeys(real.tolist()))
        self.classes = list(known) if known is not None else sorted(labels, key=lambda label: (str(type(label)), label))
        wanted = _wanted(real, self.classes, balance)
        source = _opened(source)
        short = [label for label, n in wanted.items() if n > (real == label).sum() and share > 0]
        asked = short if isinstance(balance, Mapping) else []
        known_labels = matched(source.classes, short, known, strict_names=names is not None, required=asked)
        repeated, synthetic = _filled(real, wanted, {label: share for label in known_labels})
        self._extra = np.concatenate([np.zeros(0, np.int64), *repeated.values()])
        made = {label: n for label, n in synthetic.items() if n}
        added = [np.full(n, label, dtype=real.dtype) for label, n in made.items()]
        self.targets = np.concatenate([real, real[self._extra], *added])
        self.is_synthetic = np.arange(len(self.targets)) >= len(real) + len(self._extra)
        self._labels = list(made)
        self._stops = np.cumsum(list(made.values())).tolist()
        self.pool, self._conditions = _pool(
            source, [(known_labels[label], n) for label, n in made.items()], random_state
        )
        if made:
            self._learn(real)

    @classmethod
    def from_pool(cls, dataset: Any, path: str | Path, **options: Any) -> "SyntheticMix":
        """Fill up from a pool's file; no model is needed, and none is accepted."""
        return cls(dataset, Pool(path), **options)

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, index: Any) -> Any:
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[Any]) -> list[Any]:
        """Return several items; loaders ask for a batch at once."""
        places = [self._place(operator.index(index)) for index in indices]
        rows = [row for row, k in places if k < 0]
        if hasattr(self.dataset, "__getitems__"):
            real = iter(self.dataset.__getitems__(rows) if rows else ())
        else:
            real = (self.dataset[row] for row in rows)
        made = [k for _, k in places if k >= 0]
        u = torch.rand(len(made), dtype=torch.float64, generator=self._generator).tolist() if made else []
        samples = iter(self.pool.pick([self._conditions[k] for k in made], u) if made else ())
        return [self._finished(next(real) if k < 0 else self._item(k, next(samples))) for _, k in places]

    def state_dict(self) -> dict[str, Any]:
        """Return where the random numbers of this process stand; torchdata's `StatefulDataLoader` keeps it."""
        generator = torch.default_generator if self._generator is None else self._generator
        return {"rng": generator.get_state().numpy().tobytes()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Draw on from there: in a loader's worker all that is random, in the main process the synthetic items."""
        rng = torch.frombuffer(bytearray(state["rng"]), dtype=torch.uint8)
        if get_worker_info() is not None:
            torch.set_rng_state(rng)  # of this worker, which nothing else shares
        else:
            self._generator = torch.Generator()
            self._generator.set_state(rng)

    def _place(self, i: int) -> tuple[int, int]:
        """Return the position of a real item and -1, or -1 and which of the classes that are made."""
        n, n_real = len(self), len(self.dataset)
        i += n if i < 0 else 0
        if not 0 <= i < n:
            raise IndexError(f"item {i} of {n}")
        if i < n_real:
            return i, -1
        i -= n_real
        if i < len(self._extra):
            return int(self._extra[i]), -1
        return -1, bisect_right(self._stops, i - len(self._extra))

    def _item(self, k: int, sample: np.ndarray) -> Any:
        """Return a sample of the k-th class that is made, as the data set would."""
        image, label = self._likeness(sample), self._as_label(self._labels[k])
        made = apply_own(self.dataset, image, label, self.keys)
        if isinstance(made, Mapping) or not self._dict:
            return made if isinstance(made, Mapping) else self._kind(made)
        return dict(zip(self.keys, made, strict=True))

    def _finished(self, item: Any) -> Any:
        if self.transform is None:
            return item
        image, label = self._parts(item)
        image = transformed(self.transform, image, label)
        if isinstance(item, Mapping):
            return {**item, self.keys[0]: image}
        return type(item)((image, label))

    def _parts(self, item: Any) -> tuple[Any, Any]:
        if isinstance(item, Mapping):
            if self.keys[0] not in item or self.keys[1] not in item:
                raise SchemaError(f"items have keys {list(item)}; say which are meant: image_key=, label_key=")
            return item[self.keys[0]], item[self.keys[1]]
        if type(item) in (tuple, list) and len(item) == 2:
            return item[0], item[1]
        raise SchemaError(f"items must be (image, label) or dicts; got {type(item).__name__}: wrap the dataset")

    def _learn(self, real: np.ndarray) -> None:
        """Look at what items are before and after the data set's own transforms, without moving any generator."""
        refuse_hidden(self.dataset)
        with _generators_kept():
            item = self._before_transforms()
            image, label = self._parts(item)
            self._kind, self._dict = type(item), isinstance(item, Mapping)
            foreign = [key for key in item if key not in self.keys] if self._dict else []
            if foreign:
                raise SchemaError(f"items have {foreign[0]!r} too, which a synthetic one has not; remove it first")
            self._as_label = _label_like(label)
            if not isinstance(plain(label), (int, str)) or plain(label) != plain(real[0]):
                raise SchemaError(
                    f"the first item's label is {reprlib.repr(label)}, its target {plain(real[0])!r}; give targets="
                )
            changes = self.transform is not None or has_own(self.dataset)
            if self.pool.stored == "uint8":
                self._likeness: Any = Likeness(self.pool, image, any_size=changes)
            else:
                self._likeness = NumberLikeness(self.pool.shape, image)
            firsts = [_images(self[i]) for i in dict.fromkeys((0, len(real) - 1))]
            made = _images(self._tried())
        _compare(firsts, made)

    def _before_transforms(self) -> Any:
        """Return the first real item as it is before the data set's own transforms."""
        try:
            return bare(self.dataset)[0]
        except Exception as error:
            raise SchemaError(
                f"the items of a {type(self.dataset).__name__} cannot be had without its transforms "
                f"({type(error).__name__}: {error}); {REMEDY}"
            ) from error

    def _tried(self) -> Any:
        """Return a synthetic item, or say that it does not pass through what real ones pass through."""
        try:
            return self[-1]
        except SchemaError:
            raise
        except Exception as error:
            raise SchemaError(
                f"a synthetic item does not pass through the dataset's transforms ({type(error).__name__}: {error}); "
                "give the dataset without them and transform=, or use ganaug.PoolDataset(pool, transform=...)"
            ) from error


def _images(item: Any) -> dict[Any, Any]:
    """Return what of an item is an image, by key or position."""
    parts = item.items() if isinstance(item, Mapping) else enumerate(item)
    return {key: part for key, part in parts if isinstance(part, Image.Image) or getattr(part, "ndim", 0) > 1}


def _compare(real: list[dict[Any, Any]], made: dict[Any, Any]) -> None:
    """Refuse synthetic items that a program, or a network, tells from real ones at a glance.

    Raises
    ------
    SchemaError
        If they have another size or dtype where real ones have one, or values of quite another magnitude.
    """
    looks = [{key: _look(part) for key, part in images.items()} for images in real]
    ours = {key: _look(part) for key, part in made.items()}
    if all(look == looks[0] for look in looks) and ours != looks[0]:
        raise SchemaError(
            f"synthetic images come out as {list(ours.values())}, real ones as {list(looks[0].values())}; train the "
            "model on images of that size, or resize in a transform"
        )
    for key, part in made.items():
        theirs = max(_magnitude(images[key]) for images in real if key in images)
        own = _magnitude(part)
        dark = own > 0 and theirs > _MAX_RATIO * own
        bright = theirs > 0 and own > _MAX_RATIO * theirs and "float" in str(getattr(part, "dtype", ""))
        if dark or bright:
            raise SchemaError(
                f"the largest value of a synthetic image is {own:.3g}, of real ones {theirs:.3g}; train the model on "
                "images of that range, or bring both to one range in a transform"
            )


def _magnitude(image: Any) -> float:
    values = np.asarray(image) if isinstance(image, Image.Image) else image
    return float(abs(values).max()) if values.dtype not in (bool, torch.bool) else 0.0


def _targets(dataset: Any, targets: Any, label_key: str) -> np.ndarray:
    """Return the label of every item, ``(n,)``.

    Raises
    ------
    SchemaError
        If there is not one class label for each.
    """
    labels = _found_targets(dataset, label_key) if targets is None else targets
    values = labels.tolist() if isinstance(labels, (Tensor, np.ndarray)) else [plain(label) for label in labels]
    if len(values) != len(dataset):
        raise SchemaError(f"expected {len(dataset)} targets, one for each item; got {len(values)}")
    array = np.array(values)
    if array.ndim != 1 or array.dtype.kind not in "biuUO":
        raise SchemaError(
            f"targets must be class labels, integers or names; got {reprlib.repr(values[0])}: give targets=, and "
            "soften labels after SyntheticMix"
        )
    return array


def _found_targets(dataset: Any, label_key: str) -> Any:
    if isinstance(dataset, Subset):
        return _targets(dataset.dataset, None, label_key)[np.asarray(dataset.indices, dtype=np.int64)]
    if isinstance(dataset, ConcatDataset):
        return np.concatenate([_targets(part, None, label_key) for part in dataset.datasets])
    if isinstance(dataset, TensorDataset) and len(dataset.tensors) == 2:
        return dataset.tensors[1]
    for name in _TARGETS:
        if len(found := _sequence(getattr(dataset, name, None))) == len(dataset):
            return found
    if label_key in (getattr(dataset, "column_names", None) or ()):
        return list(dataset[label_key])
    items = (dataset[i] for i in range(len(dataset)))
    return [item[label_key] if isinstance(item, Mapping) else item[1] for item in items]


def _sequence(found: Any) -> Any:
    return found if hasattr(found, "__len__") and not isinstance(found, (str, Mapping)) else ()


def _names(dataset: Any, label_key: str) -> Sequence[Any] | None:
    while isinstance(dataset, (Subset, ConcatDataset)):
        if isinstance(dataset, ConcatDataset):
            said = {str(getattr(part, "classes", None)) for part in dataset.datasets}
            if len(said) > 1:
                raise SchemaError(f"the parts of the ConcatDataset name their classes differently: {sorted(said)}")
        dataset = dataset.dataset if isinstance(dataset, Subset) else dataset.datasets[0]
    names = getattr(dataset, "classes", None)
    if names is None:
        features = getattr(dataset, "features", None)
        names = getattr(features.get(label_key), "names", None) if isinstance(features, Mapping) else None
    return names if isinstance(names, (list, tuple)) else None


def _wanted(real: np.ndarray, names: list[Any], balance: bool | Mapping[Any, int]) -> dict[Any, int]:
    """Return how many items each class that is filled up will have."""
    labels, counts = np.unique(real, return_counts=True)
    have = dict(zip(labels.tolist(), counts.tolist(), strict=True))
    if balance is True:
        return dict.fromkeys(have, max(have.values()))
    if not isinstance(balance, Mapping):
        raise ConfigError(f"balance must be True or a dict {{class: n}}; got {balance!r}")
    wanted: dict[Any, int] = {}
    for key, n in balance.items():
        label = plain(key)
        if label not in have:
            label = names.index(label) if label in names and real.dtype.kind in "iu" else label
        if label not in have and (real.dtype.kind not in "iu" or not isinstance(label, int) or label >= len(names)):
            raise SchemaError(f"the dataset has no class {key!r}; {did_you_mean(key, names)}")
        if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < have.get(label, 0):
            raise ConfigError(
                f"balance[{key!r}] is the number of items with the real ones, at least {have.get(label, 0)}; got {n!r}"
            )
        wanted[label] = int(n)
    return wanted


def _filled(
    real: np.ndarray, wanted: dict[Any, int], shares: dict[Any, float]
) -> tuple[dict[Any, np.ndarray], dict[Any, int]]:
    """Return, for each class, positions of real items to repeat and the number of synthetic ones."""
    repeated, synthetic = {}, {}
    for label, n in wanted.items():
        own = np.flatnonzero(real == label)
        added = n - len(own)
        synthetic[label] = min(added, round(shares.get(label, 0) * n)) if len(own) else added
        repeated[label] = np.resize(own, added - synthetic[label])
    return repeated, synthetic


def _opened(source: Synthesizer | Pool | str | Path) -> Synthesizer | Pool:
    if isinstance(source, (str, Path)):
        source = Pool(source) if is_pool(Path(source)) else load(source)
    if not isinstance(source, (Pool, Synthesizer)):
        raise PoolError(f"expected a pool, a model, or the file of one; got {type(source).__name__}")
    return source


def _pool(source: Synthesizer | Pool, made: list[tuple[int, int]], random_state: Any) -> tuple[Pool, list[int]]:
    """Return a pool, and the position in it of each class that is made, from conditions and numbers."""
    if isinstance(source, Pool):
        return source, [c for c, _ in made]
    labels = source.classes_.tolist()
    counts: dict[Any, int] = {}
    for c, n in made:
        counts[labels[c]] = min(_MAX_SAMPLES_OF_CLASS, counts.get(labels[c], 0) + n)
    pool = temporary(source, counts or 1, random_state)
    return pool, pool.classes.index([labels[c] for c, _ in made]).tolist()


def _label_like(label: Any) -> Any:
    """Return a function from a plain label to one of the type of `label`."""
    if isinstance(label, Tensor):
        return _AsTensor(label)
    return type(label)


class _AsTensor:
    def __init__(self, like: Tensor) -> None:
        self.dtype, self.kind = like.dtype, type(like)

    def __call__(self, label: Any) -> Tensor:
        return torch.tensor(label, dtype=self.dtype).as_subclass(self.kind)


def _look(image: Any) -> tuple[Any, ...]:
    if isinstance(image, Image.Image):
        return image.mode, image.height, image.width
    return tuple(getattr(image, "shape", ())), str(getattr(image, "dtype", ""))


@contextmanager
def _generators_kept() -> Iterator[None]:
    """Put back the states of torch's, NumPy's and Python's global generators."""
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
