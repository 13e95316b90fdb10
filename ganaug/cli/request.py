"""What ``ganaug synth`` was asked for: which model, which classes, how many of each, which real data."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ganaug.cli import options
from ganaug.cli.commands import cache
from ganaug.cli.console import say
from ganaug.core.errors import SchemaError

if TYPE_CHECKING:
    import numpy as np

    from ganaug.core.classes import Classes
    from ganaug.core.config import TrainConfig
    from ganaug.data.readers import Dataset
    from ganaug.models.gan import ConditionalGAN
    from ganaug.synthesis.plan import Shard

_PIECE = 16_384  # real samples that are handed to a writer at once


@dataclass
class Request:
    """The options about models, classes and data, and what they stand for."""

    model: Path | None
    data: Path | None
    balance: Path | None
    reading: dict[str, Any]  # target, image_size, encoding and strict
    seed: int
    use_cache: bool
    names: list[str]
    indices: list[int]
    quiet: bool
    dataset: "Dataset | None" = field(default=None, init=False)  # to train on, and to compare with
    unbalanced: "Dataset | None" = field(default=None, init=False)  # of --balance

    def __post_init__(self) -> None:
        if self.model is not None and not self.model.exists():
            raise typer.BadParameter(f"there is no file {self.model}")
        if self.data is None and self.balance is None and any(self.reading.values()):
            raise typer.BadParameter("--target, --image-size, --encoding and --strict need --data")

    def read(self) -> None:
        """Read the data; without a model or data, the bundled digits."""
        if self.balance is not None:
            self.unbalanced = options.dataset_from(self.balance, quiet=self.quiet, **self.reading)
        if self.data is not None:
            self.dataset = options.dataset_from(self.data, quiet=self.quiet, **self.reading)
        elif self.unbalanced is not None:
            self.dataset = self.unbalanced
        elif self.model is None:
            from ganaug.data.readers import bundled_digits

            self.dataset = bundled_digits()
            if not self.quiet:
                say(f"no --model and no --data: training on {self.dataset.source}")

    def trained(self, config: "TrainConfig", *, may_train: bool = True) -> "ConditionalGAN":
        """Load the model, take it from the cache, or train it."""
        from ganaug.models.synthesizer import load

        if self.model is not None:
            return load(self.model)
        assert self.dataset is not None
        self._chosen(_classes_of(self.dataset))
        if not may_train and not cache.model_path(self.dataset, config, self.seed).exists():
            raise typer.BadParameter("--dry-run measures a model: give --model, or run it once before")
        from ganaug.training.callbacks import ProgressBar
        from ganaug.training.train import train

        X, y = self.dataset.X, self.dataset.y

        def fit() -> "ConditionalGAN":
            callbacks = [] if self.quiet else [ProgressBar()]
            return train(X, y, random_state=self.seed, callbacks=callbacks, **config.model_dump())

        return (
            cache.kept_or_trained(self.dataset, config, self.seed, fit, quiet=self.quiet) if self.use_cache else fit()
        )

    def counts(self, gan: "ConditionalGAN", n: int | None) -> dict[Any, int]:
        """Return how many samples to make of each class that was asked for."""
        labels = self._chosen(gan.classes)
        if self.unbalanced is None:
            return dict.fromkeys(labels, 1000 if n is None else n)
        there = _classes_of(self.unbalanced)
        gan.classes.index(there.labels)
        known = dict(zip(there.labels.tolist(), there.counts, strict=True))
        return {label: max(there.counts) - known.get(label, 0) for label in labels}

    def real(self, gan: "ConditionalGAN") -> "RealSamples":
        """Return the real samples to write beside the synthetic ones."""
        dataset = self.unbalanced or self.dataset
        assert dataset is not None
        return RealSamples(gan, dataset, self._chosen(gan.classes))

    def encoded(self, gan: "ConditionalGAN") -> "tuple[np.ndarray, np.ndarray] | None":
        """Return the real samples to compare with, encoded, and their conditions."""
        if self.dataset is None:
            return None
        return gan.codec.encode(self.dataset.X), gan.classes.index(self.dataset.y)

    def sha256(self) -> str | None:
        """Return the digest of the data, which previews and real samples depend on."""
        if self.dataset is None:
            return None
        import numpy as np
        import pandas as pd

        digest = hashlib.sha256()
        for dataset in (self.dataset, self.unbalanced or self.dataset):
            for values in (dataset.X, dataset.y):
                tabular = isinstance(values, (pd.DataFrame, pd.Series))
                array = np.asarray(pd.util.hash_pandas_object(values, index=False) if tabular else values)
                digest.update(f"{array.dtype} {array.shape}".encode())
                digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def _chosen(self, classes: "Classes") -> list[Any]:
        """Return the labels that were asked for by name or position; all, if none were."""
        known = classes.labels.tolist()
        chosen = []
        for name in self.names:
            try:
                chosen.append(classes.named(name))
            except SchemaError as error:
                raise typer.BadParameter(f"--class {name}: {error}") from None
        for i in self.indices:
            if not 0 <= i < len(known):
                raise typer.BadParameter(
                    f"--class-index {i}: expected 0 … {len(known) - 1}, for {known[0]} … {known[-1]}"
                )
            chosen.append(known[i])
        return list(dict.fromkeys(chosen)) or known


class RealSamples:
    """Real samples of the classes that are written, shard by shard; called with a shard, it yields them."""

    def __init__(self, gan: "ConditionalGAN", dataset: "Dataset", labels: list[Any]) -> None:
        import numpy as np

        self.X = _fitting(gan, dataset)
        conditions = gan.classes.index(dataset.y)
        self._rows = {
            label: np.flatnonzero(conditions == c) for label, c in zip(labels, gan.classes.index(labels), strict=True)
        }
        self.counts = {label: len(rows) for label, rows in self._rows.items()}

    def __call__(self, shard: "Shard") -> Iterator[Any]:
        """Yield a shard's samples, piece by piece."""
        rows = self._rows[shard.of.label][shard.start : shard.start + shard.n]
        for i in range(0, len(rows), _PIECE):
            piece = rows[i : i + _PIECE]
            yield self.X.iloc[piece] if hasattr(self.X, "iloc") else self.X[piece]


def _fitting(gan: "ConditionalGAN", dataset: "Dataset") -> Any:
    """Return the samples with the columns and dtypes of the model's."""
    X, schema = dataset.X, gan.codec.schema
    gan.codec.encode(X[:1])  # says what does not fit
    if schema.kind == "image":
        return X
    if hasattr(X, "columns") and schema.container == "frame":
        try:
            return X[[column.name for column in schema.columns]].astype(
                {column.name: column.dtype for column in schema.columns}
            )
        except (KeyError, ValueError, TypeError) as error:
            raise SchemaError(f"{dataset.source} does not have the model's columns and dtypes: {error}") from None
    return X


def _classes_of(dataset: "Dataset") -> "Classes":
    import numpy as np

    from ganaug.core.classes import Classes

    return Classes.from_target(np.asarray(dataset.y))
