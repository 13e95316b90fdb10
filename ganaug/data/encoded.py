"""Labelled data as the trainer takes them."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from sklearn.utils.multiclass import check_classification_targets
from torch import Tensor

from ganaug.core.classes import Classes
from ganaug.core.errors import SchemaError
from ganaug.data.codec import Codec, fit_codec, stored
from ganaug.data.table.stream import Refill, TableStream


class Prepared(NamedTuple):
    """Labelled data as the trainer sees them."""

    codec: Codec
    classes: Classes
    x: Tensor  # (n, *sample_shape), encoded, or images as uint8
    c: Tensor  # (n,)
    refill: Refill | None = None  # of samples from a file


def prepare(X: Any, y: Any, quality: str = "standard") -> Prepared:
    """Fit the codec and the classes of labelled data, and encode them; uint8 images only when they are in a batch.

    Numbers of a table become normal scores, but are standardised for ``"oversampling"``: lines between rows of a class
    and their neighbourhoods are meant in the user's own units then.

    Raises
    ------
    SchemaError
        If `X` and `y` do not fit together or cannot be learnt from.
    """
    options = {"quantiles": quality != "oversampling", "dependencies": True}
    if isinstance(X, TableStream):
        if y is not None:
            raise SchemaError(f"{X} brings its own labels; leave y out")
        sample = X.sample()
        _target(sample.y)
        table: Any = sample.codec(**options)
        classes = sample.classes()
        refill = Refill(X, table, classes, sample.target)
        return Prepared(table, classes, _stored(table, sample.X), torch.from_numpy(classes.index(sample.y)), refill)
    target = _target(y)
    codec = fit_codec(X, **options)
    x = _stored(codec, X)
    if len(x) != len(target):
        raise SchemaError(f"X has {len(x)} samples, y has {len(target)} labels")
    name = getattr(y, "name", None)
    classes = Classes.from_target(target, "target" if name is None else str(name))
    return Prepared(codec, classes, x, torch.from_numpy(classes.index(target)))


def _stored(codec: Codec, X: Any) -> Tensor:
    x = torch.from_numpy(stored(codec, X))
    if x[0].numel() == 0:
        raise SchemaError("every column of X is constant; there is nothing to learn")
    return x


def refuse_unsavable(data: Prepared) -> None:
    """Raise `SchemaError` now, not after hours of training, if a checkpoint cannot hold the categories or classes."""
    data.codec.to_json()
    data.classes.to_json()


def _target(y: Any) -> np.ndarray:
    target = np.asarray(y)
    if target.ndim == 2 and target.shape[1] == 1:
        target = target[:, 0]
    if target.ndim != 1:
        raise SchemaError(f"y must hold one label for each sample; got shape {target.shape}")
    missing = int(pd.isna(target).sum())
    if missing:
        raise SchemaError(f"y has {missing} missing labels; drop those samples")
    try:
        check_classification_targets(target)
    except ValueError as error:
        raise SchemaError(f"y must hold class labels: {error}") from None
    return target
