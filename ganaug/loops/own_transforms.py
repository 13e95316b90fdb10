"""The transforms that a data set applies to its items: synthetic items must pass through exactly the same."""

import re
from collections.abc import Callable, Mapping
from copy import copy
from typing import Any, TypeAlias

import numpy as np
from PIL import Image
from torch.utils.data import ConcatDataset, Dataset, Subset

from ganaug.core.errors import SchemaError
from ganaug.loops.labels import plain

Pair: TypeAlias = tuple[Any, Any]  # image and label
_HANDLED = ("transform", "target_transform", "transforms")
_LOOKS_LIKE_ONE = re.compile(r"trans|aug|tf|preproc|normali", re.IGNORECASE)  # names of other attributes
_LIBRARIES = ("torchvision.transforms", "albumentations", "kornia", "monai.transforms")
REMEDY = (
    "synthetic items would miss it. Give SyntheticMix a dataset without it and transform=, which is applied to all "
    "items; or join the dataset with ganaug.PoolDataset(pool, transform=...) by torch's ConcatDataset"
)


def refuse_hidden(dataset: Any) -> None:
    """Refuse a data set that transforms its items in a way that cannot be found out.

    Raises
    ------
    SchemaError
        It names the attribute and the remedy.
    """
    if isinstance(dataset, Subset):
        refuse_hidden(dataset.dataset)
    elif isinstance(dataset, ConcatDataset):
        transforms = [[getattr(part, name, None) for name in _HANDLED] for part in dataset.datasets]
        if any(str(one) != str(transforms[0]) for one in transforms):
            raise SchemaError(
                f"parts of the ConcatDataset have different transforms, {transforms[0]} and others; {REMEDY}"
            )
        for part in dataset.datasets:
            refuse_hidden(part)
    elif _set_transform(dataset) is None:
        for name, value in getattr(dataset, "__dict__", {}).items():
            library = type(value).__module__.startswith(_LIBRARIES)
            if name not in _HANDLED and callable(value) and (library or _LOOKS_LIKE_ONE.search(name)):
                raise SchemaError(f"the dataset has a transform {name!r} that only real items pass through; {REMEDY}")
        inner = _inner(dataset)
        if inner is not None:
            refuse_hidden(getattr(dataset, inner))


def apply_own(dataset: Any, image: Any, label: Any, keys: tuple[Any, Any]) -> Any:
    """Return what becomes of a bare image and its label: a pair, or the item of a Hugging Face data set.

    The transforms are those that the data set has now, which may be others than when it was handed over.
    """
    while isinstance(dataset, (Subset, ConcatDataset)):
        dataset = dataset.dataset if isinstance(dataset, Subset) else dataset.datasets[0]
    batched = _set_transform(dataset)
    if batched is not None:
        items = batched({keys[0]: [image], keys[1]: [label]})
        return {name: values[0] for name, values in items.items()}
    inner = _inner(dataset)
    if inner is not None:
        image, label = apply_own(getattr(dataset, inner), image, label, keys)
    transform, target_transform, joint = (
        one if callable(one := getattr(dataset, name, None)) else None for name in _HANDLED
    )
    if transform is None and target_transform is None:
        return (image, label) if joint is None else joint(image, label)
    if transform is not None:
        image = transformed(transform, image, label)
    return image, label if target_transform is None else target_transform(label)


def has_own(dataset: Any) -> bool:
    """Whether a data set transforms its items in a way that is known."""
    if isinstance(dataset, (Subset, ConcatDataset)):
        return has_own(dataset.dataset if isinstance(dataset, Subset) else dataset.datasets[0])
    inner = _inner(dataset)
    own = _set_transform(dataset) is not None or any(callable(getattr(dataset, name, None)) for name in _HANDLED)
    return own or (inner is not None and has_own(getattr(dataset, inner)))


def bare(dataset: Any) -> Any:
    """Return a shallow copy whose items are as they are before the data set's own transforms."""
    if _set_transform(dataset) is not None:
        return dataset.with_format(None)
    made = copy(dataset)
    if isinstance(dataset, ConcatDataset):
        made.datasets = [bare(part) for part in dataset.datasets]
        return made
    inner = "dataset" if isinstance(dataset, Subset) else _inner(dataset)
    if inner is not None:
        setattr(made, inner, bare(getattr(dataset, inner)))
    if not isinstance(dataset, Subset):
        for name in _HANDLED:
            if callable(getattr(dataset, name, None)):
                setattr(made, name, _unchanged)
    return made


def transformed(transform: Callable[..., Any], image: Any, label: Any) -> Any:
    """Apply a transform to an image; one of albumentations gets an array, and the label if it takes one."""
    if not any(base.__module__.startswith("albumentations.") for base in type(transform).__mro__):
        return transform(image)
    takes_label = "label" in getattr(transform, "available_keys", ()) or "label" in getattr(
        transform, "targets_as_params", ()
    )
    named = {"label": plain(label)} if takes_label else {}
    return transform(image=np.asarray(image) if isinstance(image, Image.Image) else image, **named)["image"]


def _inner(dataset: Any) -> str | None:
    """Return the attribute in which a wrapper has the data set that it wraps, if it is one."""
    found = [name for name, value in getattr(dataset, "__dict__", {}).items() if isinstance(value, Dataset)]
    return found[0] if len(found) == 1 else None


def _set_transform(dataset: Any) -> Callable[[dict[str, list[Any]]], Mapping[str, Any]] | None:
    """Return the transform of whole batches that Hugging Face's ``set_transform`` has set, if there is one."""
    described = getattr(dataset, "format", None)
    if not isinstance(described, Mapping) or described.get("type") != "custom":
        return None
    return dict(described.get("format_kwargs", {})).get("transform")


def _unchanged(*args: Any, **named: Any) -> Any:
    return named or (args[0] if len(args) == 1 else args)
