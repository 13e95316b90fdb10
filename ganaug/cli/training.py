"""What ``ganaug train`` and ``ganaug finetune`` have in common: from data to a checkpoint and a result."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import typer

from ganaug.cli import options
from ganaug.cli.console import result, say
from ganaug.core.atomic import refuse_unwritable
from ganaug.core.errors import OutputError

if TYPE_CHECKING:
    from ganaug.data.readers import Dataset
    from ganaug.models.gan import ConditionalGAN
    from ganaug.training.callbacks import Callback

Fit: TypeAlias = "Callable[[Dataset, list[Callback]], ConditionalGAN]"


def fit_and_save(params: dict[str, Any], fit: Fit, *, verb: str) -> None:
    """Read the data that a command was given, fit, save, and print the result.

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
    refuse_unwritable(out, overwrite=params["overwrite"])
    watching = {name: params[name] for name in ("watch", "quiet", "tensorboard")}
    _refuse_contradictions(**watching)
    dataset = options.dataset_from(params["data"], params["target"], params["image_size"])
    if not params["quiet"]:
        say(f"{verb} on {dataset.source}")
    gan = fit(dataset, _callbacks(**watching))
    said = {"data": params["data"].name, "licence": params["licence"], "source": params["source"]}
    digest = gan.save(out, overwrite=params["overwrite"], **said)
    seconds = gan.history.last["seconds"]
    classes = dict(zip(map(str, gan.classes_.tolist()), gan.classes.counts, strict=True))
    rarest = min(classes, key=lambda name: classes[name])
    lines = [
        f"Trained {gan.step:,} steps in {seconds:.0f} s on {gan.codec.schema.describe()}.",
        *([] if gan.transfer is None else [str(gan.transfer)]),
        f"Saved {out}; next: " + shlex.join(["ganaug", "synth", "--model", str(out), "--class", rarest, "--n", "1000"]),
    ]
    data_out = {"out": str(out), "sha256": digest, "steps": gan.step, "seconds": seconds, "classes": classes}
    if gan.transfer is not None:
        data_out["transfer"] = gan.transfer.to_json()
    result(lines, data_out, params["as_json"])


def _refuse_contradictions(watch: bool, quiet: bool, tensorboard: Path | None) -> None:
    if watch and quiet:
        raise typer.BadParameter("--watch and --quiet contradict each other")
    if tensorboard is not None and tensorboard.exists() and (not tensorboard.is_dir() or any(tensorboard.iterdir())):
        raise OutputError(f"{tensorboard} exists and is not an empty folder; give every run a new one")


def _callbacks(watch: bool, quiet: bool, tensorboard: Path | None) -> "list[Callback]":
    from ganaug.evaluation.watching import RareFidelity
    from ganaug.training.callbacks import LiveTable, ProgressBar, TensorBoard

    callbacks: list[Callback] = [] if quiet else [LiveTable() if watch else ProgressBar()]
    return callbacks if tensorboard is None else [*callbacks, TensorBoard(tensorboard, measure=RareFidelity())]
