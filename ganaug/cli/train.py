"""``ganaug train DATA --out MODEL``."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from ganaug.cli import options
from ganaug.cli.console import result, say


def train(
    context: typer.Context,
    data: Annotated[Path, typer.Argument(help="Image folder with a subfolder per class, .npz, .csv or .tsv.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Checkpoint to write, usually *.safetensors.")],
    target: options.Target = None,
    image_size: options.ImageSize = None,
    objective: options.Objective = None,
    max_steps: options.MaxSteps = None,
    max_seconds: options.MaxSeconds = None,
    batch_size: options.BatchSize = None,
    learning_rate: options.LearningRate = None,
    device: options.Device = None,
    precision: options.Precision = None,
    settings: options.Settings = None,
    config: options.ConfigFile = None,
    seed: options.Seed = 0,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,
    as_json: options.AsJson = False,
) -> None:
    """Train a model on labelled images or rows and save it.

    Examples: ganaug train cells/ --out cells.safetensors

    ganaug train frauds.csv --target is_fraud --max-seconds 60 --out frauds.safetensors
    """
    flags = options.training_flags(context)
    chosen = options.config_from(config, settings, flags)
    from ganaug.core.atomic import refuse_unwritable

    refuse_unwritable(out, overwrite=overwrite)
    dataset = options.dataset_from(data, target, image_size)
    from ganaug.training.callbacks import ProgressBar
    from ganaug.training.trainer import train as train_gan

    if not quiet:
        say(f"training on {dataset.source}")
    callbacks = [] if quiet else [ProgressBar()]
    gan = train_gan(dataset.X, dataset.y, random_state=seed, callbacks=callbacks, **chosen.model_dump())
    digest = gan.save(out, overwrite=overwrite)
    seconds = gan.history.last["seconds"]
    classes = dict(zip(map(str, gan.classes_.tolist()), gan.classes.counts, strict=True))
    rarest = min(classes, key=lambda name: classes[name])
    lines = [
        f"Trained {gan.step:,} steps in {seconds:.0f} s on {gan.codec.schema.describe()}.",
        f"Saved {out}; next: " + shlex.join(["ganaug", "synth", "--model", str(out), "--class", rarest, "--n", "1000"]),
    ]
    data_out = {"out": str(out), "sha256": digest, "steps": gan.step, "seconds": seconds, "classes": classes}
    result(lines, data_out, as_json)
