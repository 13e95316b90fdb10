"""``ganaug train DATA --out MODEL``."""

from typing import TYPE_CHECKING, Any

import typer

from ganaug.cli import options
from ganaug.cli.training import Resume, SnapshotEvery, Stream, fit_and_save

if TYPE_CHECKING:
    from ganaug.data.readers import Dataset
    from ganaug.models.gan import ConditionalGAN
    from ganaug.training.callbacks import Callback


def train(
    context: typer.Context,
    data: options.Data,
    out: options.Out,
    kind: options.Kind = None,
    target: options.Target = None,
    image_size: options.ImageSize = None,
    encoding: options.Encoding = None,
    strict: options.Strict = False,
    stream: Stream = None,
    objective: options.Objective = None,
    max_steps: options.MaxSteps = None,
    max_seconds: options.MaxSeconds = None,
    budget: options.Budget = None,
    quality: options.Quality = None,
    batch_size: options.BatchSize = None,
    learning_rate: options.LearningRate = None,
    device: options.Device = None,
    precision: options.Precision = None,
    settings: options.Settings = None,
    config: options.ConfigFile = None,
    licence: options.Licence = None,
    source: options.Source = None,
    seed: options.Seed = 0,
    resume: Resume = False,
    snapshot_every: SnapshotEvery = "60s",
    overwrite: options.Overwrite = False,
    watch: options.Watch = False,
    tensorboard: options.TensorBoard = None,
    quiet: options.Quiet = False,
    as_json: options.AsJson = False,
) -> None:
    """Train a model on labelled images or rows and save it.

    Examples: ganaug train cells/ --out cells.safetensors

    ganaug train frauds.csv --target is_fraud --max-seconds 60 --out frauds.safetensors
    """
    chosen = options.config_from(config, settings, options.training_flags(context))

    def fit(dataset: "Dataset", callbacks: "list[Callback]") -> "ConditionalGAN":
        from ganaug.core.processes import launched
        from ganaug.training import train as module

        shared: dict[str, Any] = {"callbacks": callbacks, "distributed": launched()}
        return module.train(dataset.X, dataset.y, kind=dataset.kind, random_state=seed, **shared, **chosen.model_dump())

    fit_and_save(context.params, fit, verb="training")
