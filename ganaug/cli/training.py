"""What ``ganaug train`` and ``ganaug finetune`` have in common: from data to a checkpoint and a result."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ganaug.cli import options
from ganaug.cli.console import result, say
from ganaug.core.atomic import refuse_unwritable

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
    reading = {name: params[name] for name in ("target", "image_size", "encoding", "strict", "quiet")}
    dataset = options.dataset_from(params["data"], **reading)
    from ganaug.training.callbacks import ProgressBar

    if not params["quiet"]:
        say(f"{verb} on {dataset.source}")
    gan = fit(dataset, [] if params["quiet"] else [ProgressBar()])
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
    if dataset.skipped:
        data_out["skipped"] = dict(dataset.skipped)
    if gan.transfer is not None:
        data_out["transfer"] = gan.transfer.to_json()
    result(lines, data_out, params["as_json"])
