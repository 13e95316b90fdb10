"""What ``ganaug train`` and ``ganaug finetune`` have in common: from data to a checkpoint and a result."""

import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from ganaug.cli import options
from ganaug.cli.console import result, say
from ganaug.core.errors import Interrupted, OutputError
from ganaug.core.files import locked, refuse_input, refuse_unwritable
from ganaug.core.processes import is_first_process, launched

if TYPE_CHECKING:
    from ganaug.data.readers import Dataset
    from ganaug.models.gan import ConditionalGAN
    from ganaug.training.callbacks import Callback

Fit: TypeAlias = "Callable[..., ConditionalGAN]"

_RESUMING = "Interruptions"
_LARGE = 2**30  # bytes of a table that is streamed unasked
_STREAMED = (".csv", ".tsv", ".parquet")


@dataclass(frozen=True, kw_only=True)
class Fitting:
    """The options of a command that trains a model on data and saves it."""

    data: Annotated[Path, typer.Argument(help="Image folder with a subfolder per class, .npz, .csv, .tsv or .parquet.")]
    out: Annotated[Path, typer.Option("--out", "-o", help="Checkpoint to write, usually *.safetensors.")]
    reading: options.Reading
    stream: Annotated[
        bool | None,
        typer.Option(
            "--stream/--no-stream",
            help="Read a table chunk by chunk, with a sample of each class in memory.",
            show_default=f"from {_LARGE >> 30} GB on",
        ),
    ] = None
    training: options.Training
    licence: Annotated[str | None, typer.Option(help="Terms of use of the data; kept in the checkpoint.")] = None
    source: Annotated[str | None, typer.Option(help="Where the data are from; kept in the checkpoint.")] = None
    seed: options.Seed = 0
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on where an interrupted training stopped.", rich_help_panel=_RESUMING),
    ] = False
    snapshot_every: Annotated[
        str,
        typer.Option(
            metavar="N|SECONDSs|never",
            help="How often the state is kept beside --out: steps like 500, or seconds like 30s.",
            rich_help_panel=_RESUMING,
        ),
    ] = "60s"
    overwrite: options.Overwrite = False
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="A live table of curves in place of the progress bar.")
    ] = False
    tensorboard: Annotated[
        Path | None,
        typer.Option(
            "--tensorboard",
            metavar="FOLDER",
            help="Write curves, samples and fidelity for TensorBoard into a new folder.",
        ),
    ] = None
    quiet: options.Quiet = False
    as_json: options.AsJson = False


def fit_and_save(fitting: Fitting, fit: Fit, *, verb: str) -> None:
    """Read the data that a command was given, fit, save, and print the result.

    Under ``torchrun`` the first process alone reports and saves.

    Parameters
    ----------
    fitting : Fitting
        The command's options.
    fit : callable
        From ``X, y`` and ``random_state``, ``callbacks`` and ``distributed`` to a trained model.
    verb : str
        What `fit` does, as in "training".
    """
    out = fitting.out
    state = out.parent / f"{out.name}.resume"
    every = interval(fitting.snapshot_every)
    if not is_first_process():
        _fit(replace(fitting, quiet=True), fit, state, every, verb)
        return
    refuse_unwritable(out, overwrite=fitting.overwrite)
    refuse_input(out, fitting.data)
    _refuse_contradictions(fitting)
    with locked(out, who="training"):
        if state.exists() and not fitting.resume and not fitting.overwrite:
            raise OutputError(
                f"{state} is the state of an interrupted training: go on with --resume, or start anew with --overwrite"
            )
        if fitting.resume and not state.exists() and not fitting.quiet:
            say(f"there is no {state}: starting from the beginning")
        with resumable(state):
            gan, dataset = _fit(fitting, fit, state, every, verb)
            origin = {"data": fitting.data.name, "licence": fitting.licence, "source": fitting.source}
            digest = gan.save(out, overwrite=fitting.overwrite, **origin)
            state.unlink(missing_ok=True)
    _report(gan, dataset, out, digest, fitting.as_json)


def _report(gan: "ConditionalGAN", dataset: "Dataset", out: Path, digest: str, as_json: bool) -> None:
    """Judge the model, and print what was trained."""
    from ganaug.cli.verdict import judge_training, judging, verdict_line

    with judging(out):
        found = None if dataset.y is None else judge_training(gan, dataset.X, dataset.y)
    seconds = gan.history.last["seconds"]
    classes = dict(zip(map(str, gan.classes_.tolist()), gan.classes.counts, strict=True))
    rarest = min(classes, key=lambda name: classes[name])
    lines = [
        f"Trained {gan.step:,} steps in {seconds:.0f} s on {gan.codec.schema.describe()}.",
        *([] if gan.transfer is None else [str(gan.transfer)]),
        *([] if found is None else [verdict_line(found)]),
        f"Saved {out}; next: " + shlex.join(["ganaug", "synth", "--model", str(out), "--class", rarest, "--n", "1000"]),
    ]
    data_out = {"out": str(out), "sha256": digest, "steps": gan.step, "seconds": seconds, "classes": classes}
    data_out["fidelity"] = None if found is None else found.to_dict()
    if dataset.skipped:
        data_out["skipped"] = dict(dataset.skipped)
    if gan.transfer is not None:
        data_out["transfer"] = gan.transfer.to_json()
    result(lines, data_out, as_json)


@contextmanager
def resumable(state: Path) -> Iterator[None]:
    """Say how to go on where an interruption inside the block left the state of a training in a file."""
    try:
        yield
    except KeyboardInterrupt as error:
        if not state.exists():
            raise
        reason = str(error) or f"interrupted; the last state of the training is in {state}"
        interrupted = Interrupted(f"{reason}: go on with --resume")
        interrupted.exit_code = getattr(error, "exit_code", 130)
        raise interrupted from error


def _fit(
    fitting: Fitting, fit: Fit, state: Path, every: dict[str, Any] | None, verb: str
) -> "tuple[ConditionalGAN, Dataset]":
    """Read the data and fit, watched and with snapshots as wanted."""
    dataset = _streamed(fitting) or fitting.reading.read(fitting.data, quiet=fitting.quiet)
    if not fitting.quiet:
        say(f"{verb} on {dataset.source}")
    callbacks = _callbacks(fitting) if is_first_process() else []
    callbacks.append(_savable())
    callbacks += snapshots(state, every, resume=fitting.resume, overwrite=fitting.overwrite)
    gan = fit(
        dataset.X, dataset.y, kind=dataset.kind, random_state=fitting.seed, callbacks=callbacks, distributed=launched()
    )
    return gan, dataset


def snapshots(state: Path, every: dict[str, Any] | None, *, resume: bool, overwrite: bool) -> "list[Callback]":
    """Return the callback that keeps the state of a training in a file, if that is wanted; `every` is an `interval`."""
    from ganaug.training.snapshot import Snapshot

    if every is None and not resume:
        return []
    return [Snapshot(state, resume=resume, overwrite=overwrite and not resume, **(every or {}))]


def _streamed(fitting: Fitting) -> "Dataset | None":
    """Return the table to be read chunk by chunk, if that is asked for or it is large."""
    data, wanted, reading = fitting.data, fitting.stream, fitting.reading
    is_table = data.is_file() and data.suffix.lower() in _STREAMED
    if wanted and not is_table:
        raise typer.BadParameter(f"--stream needs a file that ends in {', '.join(_STREAMED)}; got {data}")
    if not is_table or wanted is False or (wanted is None and data.stat().st_size < _LARGE):
        return None
    if reading.image_size is not None:
        raise typer.BadParameter(f"--image-size has no meaning for {data}")
    from ganaug.data.readers import Dataset
    from ganaug.data.table.stream import TableStream

    stream = TableStream(data, reading.target, encoding=reading.encoding, header=reading.header)
    return Dataset(stream, None, f"{data}, chunk by chunk")


def interval(text: str) -> dict[str, Any] | None:
    """Read ``500`` (steps), ``30s`` (seconds) or ``never``."""
    if text == "never":
        return None
    match = re.fullmatch(r"([0-9]*\.?[0-9]+)s|([1-9][0-9]*)", text)
    if not match:
        raise typer.BadParameter(f"--snapshot-every {text}: expected steps like 500, seconds like 30s, or never")
    return {"seconds": float(match[1])} if match[1] else {"steps": int(match[2])}


def _refuse_contradictions(fitting: Fitting) -> None:
    if fitting.watch and fitting.quiet:
        raise typer.BadParameter("--watch and --quiet contradict each other")
    folder = fitting.tensorboard
    if folder is None or not folder.exists() or (folder.is_dir() and (fitting.resume or not any(folder.iterdir()))):
        return
    raise OutputError(f"{folder} exists and is not an empty folder; give every run a new one")


def _savable() -> "Callback":
    """Return what refuses, before the first step and not after hours, data that a checkpoint cannot hold."""
    from ganaug.training.callbacks import Callback

    class Savable(Callback):
        def on_train_start(self, trainer: Any) -> None:
            trainer.gan.header()

    return Savable()


def _callbacks(fitting: Fitting) -> "list[Callback]":
    from ganaug.evaluation.watching import RareFidelity
    from ganaug.training.callbacks import LiveTable, ProgressBar, TensorBoard

    callbacks: list[Callback] = [] if fitting.quiet else [LiveTable() if fitting.watch else ProgressBar()]
    if fitting.tensorboard is not None:
        callbacks.append(TensorBoard(fitting.tensorboard, measure=RareFidelity()))
    return callbacks
