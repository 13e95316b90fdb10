"""What ``ganaug synth`` was asked for: which model, which classes, how many of each, which real data."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ganaug.cli import options
from ganaug.cli.commands import cache
from ganaug.cli.console import say
from ganaug.core.config import TrainConfig
from ganaug.core.errors import SchemaError
from ganaug.core.processes import launched

if TYPE_CHECKING:
    import numpy as np

    from ganaug.core.classes import Classes
    from ganaug.data.readers import Dataset
    from ganaug.models.synthesizer import Synthesizer

_AS_THEY_ARE = "model data balance n include_real out preview resume overwrite dry_run use_cache quiet".split()
_OF_SYNTHESIZE = "seed shard_size truncation escape_formulas device".split()
_READING = "target image_size encoding strict".split()
_N = 1_000  # samples per class


@dataclass
class Request:
    """The options of the command, and what they stand for."""

    model: Path | None
    data: Path | None
    balance: Path | None
    reading: dict[str, Any]  # target, image_size, encoding and strict
    config: TrainConfig
    n: int | None
    names: list[str]
    indices: list[int]
    include_real: bool
    out: Path
    settings: dict[str, Any]  # of ganaug.synthesize, as they are
    preview: bool
    resume: bool
    overwrite: bool
    dry_run: bool
    use_cache: bool
    quiet: bool
    dataset: "Dataset | None" = field(default=None, init=False)  # to train on, and to compare with
    unbalanced: "Dataset | None" = field(default=None, init=False)  # of --balance

    @classmethod
    def from_context(cls, context: typer.Context) -> "Request":
        """Read the options of ``ganaug synth``, and refuse those that contradict each other."""
        from ganaug.synthesis.plan import choose_format, parse_shard

        params, flags = context.params, options.training_flags(context)
        _refuse_contradictions(params, flags)
        single_file, format = choose_format(params["out"], params["output"])
        shard = None if params["shard"] is None else parse_shard(params["shard"])
        if shard is not None and single_file:
            raise typer.BadParameter(f"--shard writes a folder, and ganaug merge joins them; {params['out']} is a file")
        settings = {name: params[name] for name in _OF_SYNTHESIZE}
        return cls(
            config=options.config_from(params["config"], params["settings"], flags),
            names=params["classes"] or [],
            indices=params["class_indices"] or [],
            reading={name: params[name] for name in _READING},
            settings=settings | {"format": format, "shard": shard, "precision": params["precision"] or "float32"},
            **{name: params[name] for name in _AS_THEY_ARE},
        )

    @property
    def is_first(self) -> bool:
        """Whether this machine is the only one, or the first of several."""
        shard = self.settings["shard"]
        return shard is None or shard[0] == 0

    def read(self) -> None:
        """Read the data; without a model or data, the bundled digits. Refuse what cannot be written."""
        from ganaug.synthesis.workspace import refuse_taken

        if not (self.dry_run or launched()):
            refuse_taken(self.out, resume=self.resume, overwrite=self.overwrite)
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

    def trained(self) -> "Synthesizer":
        """Load the model, take it from the cache, or train it."""
        from ganaug.data.kind import fit_codec
        from ganaug.models.synthesizer import load
        from ganaug.synthesis.writers import writer_for

        if self.model is not None:
            return load(self.model)
        assert self.dataset is not None
        self._chosen(_classes_of(self.dataset))
        codec = fit_codec(self.dataset.X)
        writer_for(self.settings["format"], codec)  # refuses before hours of training, as the next line does
        codec.to_json()
        seed = self.settings["seed"]
        if self.dry_run and not cache.model_path(self.dataset, self.config, seed).exists():
            raise typer.BadParameter("--dry-run measures a model: give --model, or run it once before")
        from ganaug.training.callbacks import ProgressBar
        from ganaug.training.train import train

        X, y = self.dataset.X, self.dataset.y

        def fit() -> Any:
            callbacks = [] if self.quiet else [ProgressBar()]
            return train(X, y, random_state=seed, callbacks=callbacks, **self.config.model_dump())

        return (
            cache.kept_or_trained(self.dataset, self.config, seed, fit, quiet=self.quiet) if self.use_cache else fit()
        )

    def wanted(self, synthesizer: "Synthesizer") -> dict[str, Any]:
        """Return what is asked of `ganaug.synthesize` but for progress, ``resume`` and ``overwrite``."""
        written = self.unbalanced or self.dataset
        shown = None if self.dataset is None else (self.dataset.X, self.dataset.y)
        return self.settings | {
            "counts": self._counts(synthesizer),
            "out": self.out,
            "include_real": (written.X, written.y) if self.include_real and written is not None else None,
            "preview": shown or True if self.preview else False,
        }

    def compared(self, synthesizer: "Synthesizer") -> "tuple[np.ndarray, np.ndarray] | None":
        """Return the real samples to compare with, encoded, and their conditions; the first machine compares."""
        if self.dataset is None or not self.is_first:
            return None
        return synthesizer.codec.encode(self.dataset.X), synthesizer.classes.index(self.dataset.y)

    def _counts(self, synthesizer: "Synthesizer") -> dict[Any, int]:
        """Return how many samples to make of each class that was asked for."""
        labels = self._chosen(synthesizer.classes)
        if self.unbalanced is None:
            return dict.fromkeys(labels, _N if self.n is None else self.n)
        there = _classes_of(self.unbalanced)
        synthesizer.classes.index(there.labels)
        known = dict(zip(there.labels.tolist(), there.counts, strict=True))
        counts = {label: max(there.counts) - known.get(label, 0) for label in labels}
        if not any(counts.values()) and not self.include_real:
            raise typer.BadParameter(f"--balance {self.balance}: no class lacks anything there")
        return counts

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


def _refuse_contradictions(params: dict[str, Any], flags: dict[str, Any]) -> None:
    model, data, balance, truncation = (params[name] for name in ("model", "data", "balance", "truncation"))
    if model is not None and (params["config"] or params["settings"] or flags.keys() - {"device", "precision"}):
        raise typer.BadParameter("training options have no meaning with --model: it is trained already")
    if model is not None and not model.exists():
        raise typer.BadParameter(f"there is no file {model}")
    if model is None and launched():
        raise typer.BadParameter("several processes need --model: ganaug train first")
    if params["n"] is not None and balance is not None:
        raise typer.BadParameter("--n and --balance contradict each other: give one of them")
    if truncation is not None and not 0 < truncation < math.inf:
        raise typer.BadParameter(f"--truncation must be a positive number; got {truncation}")
    if data is None and balance is None:
        if params["include_real"]:
            raise typer.BadParameter("--include-real needs --balance or --data")
        if any(params[name] for name in _READING):
            raise typer.BadParameter("--target, --image-size, --encoding and --strict need --data")


def _classes_of(dataset: "Dataset") -> "Classes":
    import numpy as np

    from ganaug.core.classes import Classes

    return Classes.from_target(np.asarray(dataset.y))
