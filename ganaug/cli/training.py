"""What ``ganaug train`` and ``ganaug finetune`` have in common: from data to a checkpoint and a result."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from ganaug.cli import options
from ganaug.cli.console import result, say
from ganaug.core.errors import Interrupted, OutputError
from ganaug.core.files import locked, refuse_unwritable
from ganaug.core.processes import is_first_process

if TYPE_CHECKING:
    from ganaug.data.readers import Dataset
    from ganaug.models.gan import ConditionalGAN
    from ganaug.training.callbacks import Callback

Fit: TypeAlias = "Callable[[Dataset, list[Callback]], ConditionalGAN]"

_RESUMING = "Interruptions"
_LARGE = 2**30  # bytes of a table that is streamed unasked
_STREAMED = (".csv", ".tsv", ".parquet")

Resume = Annotated[
    bool,
    typer.Option("--resume", help="Go on where an interrupted training stopped.", rich_help_panel=_RESUMING),
]
SnapshotEvery = Annotated[
    str,
    typer.Option(
        metavar="N|SECONDSs|never",
        help="How often the state is kept beside --out: steps like 500, or seconds like 30s.",
        rich_help_panel=_RESUMING,
    ),
]
Stream = Annotated[
    bool | None,
    typer.Option(
        "--stream/--no-stream",
        help="Read a table chunk by chunk, with a sample of each class in memory.",
        show_default=f"from {_LARGE >> 30} GB on",
    ),
]


def fit_and_save(params: dict[str, Any], fit: Fit, *, verb: str) -> None:
    """Read the data that a command was given, fit, save, and print the result.

    Under ``torchrun`` the first process alone reports and saves.

    Parameters
    ----------
    params : dict
        The command's parameters.
    fit : callable
        From a data set and callbacks to a trained model.
    verb : str
        What `fit` does, as in "training".
    """
    out: Path = params["out"]
    state = out.parent / f"{out.name}.resume"
    every = _every(params["snapshot_every"])
    if not is_first_process():
        _fit(params, fit, state, every, quiet=True)
        return
    refuse_unwritable(out, overwrite=params["overwrite"])
    _refuse_contradictions(**_watching(params), resume=params["resume"])
    with locked(out, who="training"):
        if state.exists() and not params["resume"] and not params["overwrite"]:
            raise OutputError(
                f"{state} is the state of an interrupted training: go on with --resume, or start anew with --overwrite"
            )
        if params["resume"] and not state.exists() and not params["quiet"]:
            say(f"there is no {state}: starting from the beginning")
        try:
            gan, dataset = _fit(params, fit, state, every, quiet=params["quiet"], verb=verb)
            told = {"data": params["data"].name, "licence": params["licence"], "source": params["source"]}
            digest = gan.save(out, overwrite=params["overwrite"], **told)
            state.unlink(missing_ok=True)
        except KeyboardInterrupt as error:
            if not state.exists():
                raise
            said = str(error) or f"interrupted; the last state of the training is in {state}"
            interrupted = Interrupted(f"{said}: go on with --resume")
            interrupted.exit_code = getattr(error, "exit_code", 130)
            raise interrupted from error
    seconds = gan.history.last["seconds"]
    classes = dict(zip(map(str, gan.classes_.tolist()), gan.classes.counts, strict=True))
    rarest = min(classes, key=lambda name: classes[name])
    lines = [
        f"Trained {gan.step:,} steps in {seconds:.0f} s on {gan.codec.schema.describe()}.",
        *([] if gan.transfer is None else [str(gan.transfer)]),
        f"Saved {out}; next: " + shlex.join(["ganaug", "synth", "--model", str(out), "--class", rarest, "--n", "1000"]),
    ]
    data_out = {"out": str(out), "sha256": digest, "steps": gan.step, "seconds": seconds, "classes": classes}
    if dataset.skipped:
        data_out["skipped"] = dict(dataset.skipped)
    if gan.transfer is not None:
        data_out["transfer"] = gan.transfer.to_json()
    result(lines, data_out, params["as_json"])


def _fit(
    params: dict[str, Any], fit: Fit, state: Path, every: dict[str, Any] | None, *, quiet: bool, verb: str = ""
) -> "tuple[ConditionalGAN, Dataset]":
    """Read the data and fit, watched and with snapshots as wanted."""
    reading = {name: params[name] for name in ("target", "image_size", "encoding", "strict")}
    dataset = _streamed(params) or options.dataset_from(params["data"], **reading, quiet=quiet)
    from ganaug.training.snapshot import Snapshot

    if not quiet:
        say(f"{verb} on {dataset.source}")
    callbacks = _callbacks(**_watching(params)) if is_first_process() else []
    callbacks.append(_savable())
    if every is not None or params["resume"]:
        overwrite = params["overwrite"] and not params["resume"]
        callbacks.append(Snapshot(state, resume=params["resume"], overwrite=overwrite, **(every or {})))
    return fit(dataset, callbacks), dataset


def _streamed(params: dict[str, Any]) -> "Dataset | None":
    """Return the table to be read chunk by chunk, if that is asked for or it is large."""
    data, wanted = params["data"], params["stream"]
    is_table = data.is_file() and data.suffix.lower() in _STREAMED
    if wanted and not is_table:
        raise typer.BadParameter(f"--stream needs a file that ends in {', '.join(_STREAMED)}; got {data}")
    if not is_table or wanted is False or (wanted is None and data.stat().st_size < _LARGE):
        return None
    if params["image_size"] is not None:
        raise typer.BadParameter(f"--image-size has no meaning for {data}")
    from ganaug.data.readers import Dataset
    from ganaug.data.table.stream import TableStream

    return Dataset(TableStream(data, params["target"], encoding=params["encoding"]), None, f"{data}, chunk by chunk")


def _every(text: str) -> dict[str, Any] | None:
    """Read ``500`` (steps), ``30s`` (seconds) or ``never``."""
    if text == "never":
        return None
    found = re.fullmatch(r"([0-9]*\.?[0-9]+)s|([1-9][0-9]*)", text)
    if not found:
        raise typer.BadParameter(f"--snapshot-every {text}: expected steps like 500, seconds like 30s, or never")
    return {"seconds": float(found[1])} if found[1] else {"steps": int(found[2])}


def _watching(params: dict[str, Any]) -> dict[str, Any]:
    return {name: params[name] for name in ("watch", "quiet", "tensorboard")}


def _refuse_contradictions(watch: bool, quiet: bool, tensorboard: Path | None, resume: bool) -> None:
    if watch and quiet:
        raise typer.BadParameter("--watch and --quiet contradict each other")
    used = tensorboard is not None and tensorboard.is_dir() and any(tensorboard.iterdir()) and not resume
    if tensorboard is not None and (used or (tensorboard.exists() and not tensorboard.is_dir())):
        raise OutputError(f"{tensorboard} exists and is not an empty folder; give every run a new one")


def _savable() -> "Callback":
    """Return what refuses, before the first step and not after hours, data that a checkpoint cannot hold."""
    from ganaug.training.callbacks import Callback

    class Savable(Callback):
        def on_train_start(self, trainer: Any) -> None:
            trainer.gan.header()

    return Savable()


def _callbacks(watch: bool, quiet: bool, tensorboard: Path | None) -> "list[Callback]":
    from ganaug.evaluation.watching import RareFidelity
    from ganaug.training.callbacks import LiveTable, ProgressBar, TensorBoard

    callbacks: list[Callback] = [] if quiet else [LiveTable() if watch else ProgressBar()]
    return callbacks if tensorboard is None else [*callbacks, TensorBoard(tensorboard, measure=RareFidelity())]
