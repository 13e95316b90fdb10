"""What ``ganaug synth`` was asked for: which model, which classes, how many of each, which real data."""

import math
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganaug.cli import options
from ganaug.cli.commands import cache
from ganaug.cli.console import say
from ganaug.core.config import TrainConfig
from ganaug.core.errors import SchemaError
from ganaug.core.files import refuse_input
from ganaug.core.processes import launched

if TYPE_CHECKING:
    import numpy as np

    from ganaug.core.classes import Classes
    from ganaug.data.readers import Dataset
    from ganaug.models.synthesizer import Synthesizer

_DATA = (".csv", ".tsv", ".npz", ".parquet")
_N = 1_000  # samples per class
_WHAT, _SCALE = "What to make", "Scale"  # panels of the help


@dataclass(kw_only=True)
class Request:
    """The options of the command, and what they stand for."""

    checkpoint: Annotated[
        Path | None, typer.Argument(metavar="MODEL", help="The same as --model.", show_default=False)
    ] = None
    classes: Annotated[
        list[str] | None,
        typer.Option(
            "--class",
            "-c",
            metavar="NAME",
            help="Class to make; may be repeated.",
            show_default="every class",
            rich_help_panel=_WHAT,
        ),
    ] = None
    class_indices: Annotated[
        list[int] | None,
        typer.Option(
            "--class-index",
            metavar="I",
            help="Class by its position among the sorted classes, from 0; may be repeated.",
            rich_help_panel=_WHAT,
        ),
    ] = None
    n: Annotated[
        int | None,
        typer.Option("--n", "-n", min=1, help="Samples per class.", show_default="1000", rich_help_panel=_WHAT),
    ] = None
    balance: Annotated[
        Path | None,
        typer.Option(
            metavar="DATA",
            help="Make what each class lacks there to reach the largest; stands for --data too, if that is not given.",
            rich_help_panel=_WHAT,
        ),
    ] = None
    include_real: Annotated[
        bool,
        typer.Option(
            "--include-real", help="Write the real samples of --balance or --data beside them.", rich_help_panel=_WHAT
        ),
    ] = False
    truncation: Annotated[
        float | None,
        typer.Option(
            metavar="T",
            help="Cut the latents off at ± T: more typical samples, less diverse ones.",
            show_default="not cut off",
            rich_help_panel=_WHAT,
        ),
    ] = None
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write, or one file: *.csv, *.npz, *.parquet.")] = (
        Path("synthetic")
    )
    output: Annotated[
        str | None,
        typer.Option(
            "--format", help="images, npz, csv, parquet, or a plugin's.", show_default="by --out, then by the data"
        ),
    ] = None
    model: Annotated[Path | None, typer.Option(help="A checkpoint that ganaug train wrote.")] = None
    data: Annotated[
        Path | None,
        typer.Option(help="Train on these data, as ganaug train does; with --model: real data to compare with."),
    ] = None
    reading: options.Reading
    seed: options.Seed = 0
    use_cache: Annotated[
        bool,
        typer.Option(
            "--cache/--no-cache", help="Keep the trained model and use it again for the same data and settings."
        ),
    ] = True
    preview: Annotated[
        bool, typer.Option("--preview/--no-preview", help="Write preview.png: real images above synthetic ones.")
    ] = True
    escape_formulas: Annotated[
        bool,
        typer.Option(
            "--escape-formulas", help="Put ' before text that spreadsheet programs would run, like =1+1 (csv)."
        ),
    ] = False
    separator: Annotated[str, typer.Option("--sep", metavar="CHAR", help="Between cells (csv): , ; | or tab.")] = ","
    decimal: Annotated[str, typer.Option(metavar="CHAR", help="In numbers (csv): . or ,")] = "."
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; say what, how large and how long, by a short sample.")
    ] = False
    overwrite: options.Overwrite = False
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on with an interrupted run of the same settings.", rich_help_panel=_SCALE),
    ] = False
    shard_size: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Samples that are made in one piece.",
            show_default="1000 images, 100000 rows",
            rich_help_panel=_SCALE,
        ),
    ] = None
    shard: Annotated[
        str | None,
        typer.Option(metavar="k/K", help="Be machine k, from 0, of K: then ganaug merge.", rich_help_panel=_SCALE),
    ] = None
    quiet: options.Quiet = False
    as_json: options.AsJson = False
    training: options.Training

    config: TrainConfig = field(init=False)
    settings: dict[str, Any] = field(init=False)  # of ganaug.synthesize, as they are
    dataset: "Dataset | None" = field(default=None, init=False)  # to train on, and to compare with
    unbalanced: "Dataset | None" = field(default=None, init=False)  # of --balance

    def __post_init__(self) -> None:
        """Refuse options that contradict each other; build what they stand for."""
        from ganaug.synthesis.plan import choose_format, parse_shard

        if self.checkpoint is not None and self.model is not None:
            raise typer.BadParameter(f"{self.checkpoint} and --model {self.model}: give one model")
        self.model = self.model or self.checkpoint
        self._refuse_contradictions()
        single_file, format = choose_format(self.out, self.output)
        shard = None if self.shard is None else parse_shard(self.shard)
        if shard is not None and single_file:
            raise typer.BadParameter(f"--shard writes a folder, and ganaug merge joins them; {self.out} is a file")
        self.config = self.training.config()
        self.settings = {
            "seed": self.seed,
            "shard_size": self.shard_size,
            "shard": shard,
            "format": format,
            "truncation": self.truncation,
            "escape_formulas": self.escape_formulas,
            "separator": {"tab": "\t", "\\t": "\t"}.get(self.separator, self.separator),
            "decimal": self.decimal,
            "device": self.training.device,
            "precision": self.training.precision or "float32",
        }

    def _refuse_contradictions(self) -> None:
        training = self.training
        trains = training.config_file or training.settings or training.flags().keys() - {"device", "precision"}
        if self.model is not None and trains:
            raise typer.BadParameter("training options have no meaning with --model: it is trained already")
        if self.model is not None and not self.model.exists():
            raise typer.BadParameter(f"there is no file {self.model}")
        if self.model is not None and (self.model.is_dir() or self.model.suffix.lower() in _DATA):
            raise typer.BadParameter(f"{self.model} holds data, not a model: --data {shlex.quote(str(self.model))}")
        if self.model is None and launched():
            raise typer.BadParameter("several processes need --model: ganaug train first")
        if self.n is not None and self.balance is not None:
            raise typer.BadParameter("--n and --balance contradict each other: give one of them")
        if self.truncation is not None and not 0 < self.truncation < math.inf:
            raise typer.BadParameter(f"--truncation must be a positive number; got {self.truncation}")
        if self.data is None and self.balance is None:
            if self.include_real:
                raise typer.BadParameter("--include-real needs --balance or --data")
            if self.reading != options.Reading():
                raise typer.BadParameter(
                    "--kind, --target, --column, --image-size, --encoding, --header and --strict need --data"
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
            refuse_input(self.out, self.model, self.data, self.balance)
        if self.balance is not None:
            self.unbalanced = self.reading.read(self.balance, quiet=self.quiet)
        if self.data is not None:
            self.dataset = self.reading.read(self.data, quiet=self.quiet)
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
            return _told(load(self.model))
        assert self.dataset is not None
        self._chosen(_classes_of(self.dataset))
        codec = fit_codec(self.dataset.X, self.dataset.kind)
        writer_for(self.settings["format"], codec)  # refuses before hours of training, as the next line does
        codec.to_json()
        if self.dry_run and not cache.model_path(self.dataset, self.config, self.seed).exists():
            raise typer.BadParameter("--dry-run measures a model: give --model, or run it once before")
        from ganaug.training.callbacks import ProgressBar
        from ganaug.training.train import train

        X, y, kind = self.dataset.X, self.dataset.y, self.dataset.kind
        fitted: list[bool] = []

        def fit() -> Any:
            fitted.append(True)
            callbacks = [] if self.quiet else [ProgressBar()]
            return train(X, y, kind=kind, random_state=self.seed, callbacks=callbacks, **self.config.model_dump())

        if not self.use_cache:
            return fit()
        model = cache.kept_or_trained(self.dataset, self.config, self.seed, fit, quiet=self.quiet)
        return model if fitted else _told(model)

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
        for name in self.classes or []:
            try:
                chosen.append(classes.named(name))
            except SchemaError:
                raise options.no_class(name, known) from None
        for i in self.class_indices or []:
            if not 0 <= i < len(known):
                raise typer.BadParameter(
                    f"--class-index {i}: expected 0 … {len(known) - 1}, for {known[0]} … {known[-1]}"
                )
            chosen.append(known[i])
        return list(dict.fromkeys(chosen)) or known


def _told(synthesizer: "Synthesizer") -> "Synthesizer":
    """Return a model that was trained before, after the warning that its training gave."""
    from ganaug.data.encoded import warn_of_single_samples

    warn_of_single_samples(synthesizer.classes)
    return synthesizer


def _classes_of(dataset: "Dataset") -> "Classes":
    import numpy as np

    from ganaug.core.classes import Classes

    return Classes.from_target(np.asarray(dataset.y))
