"""``ganaug finetune DATA --from MODEL --out MODEL``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganaug.cli import options
from ganaug.cli.training import Resume, SnapshotEvery, Stream, fit_and_save
from ganaug.core.config import TrainConfig, TransferConfig

if TYPE_CHECKING:
    from ganaug.data.readers import Dataset
    from ganaug.models.gan import ConditionalGAN
    from ganaug.training.callbacks import Callback

_TRANSFER = "Transfer"


def finetune(
    context: typer.Context,
    data: options.Data,
    model: Annotated[Path, typer.Option("--from", help="The checkpoint to start from.")],
    out: options.Out,
    method: Annotated[
        str | None,
        typer.Option(
            help="What is trained: full, freeze-d, scale-shift or ewc.", rich_help_panel=_TRANSFER, show_default="full"
        ),
    ] = None,
    embeddings: Annotated[
        str | None,
        typer.Option(
            help="Where new classes begin: fresh, mean or mixture.", rich_help_panel=_TRANSFER, show_default="fresh"
        ),
    ] = None,
    ewc_weight: Annotated[
        float | None,
        typer.Option(
            min=1e-12, help="Pull towards the start, for ewc.", rich_help_panel=_TRANSFER, show_default="0.01"
        ),
    ] = None,
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
    """Train a model that starts from another one: other classes, another size, other columns.

    Example: ganaug finetune mine/ --from cells.safetensors --out mine.safetensors
    """
    if not model.exists():
        raise typer.BadParameter(f"there is no file {model}")
    flags = {name: context.params[name] for name in TransferConfig.model_fields}
    given = options.training_flags(context) | {name: value for name, value in flags.items() if value is not None}
    values = options.settings_from(config, settings, given)
    transfer = TransferConfig(**{name: values.pop(name) for name in flags if name in values})
    chosen = TrainConfig(**values)

    def fit(dataset: "Dataset", callbacks: "list[Callback]") -> "ConditionalGAN":
        from ganaug.core.processes import launched
        from ganaug.finetuning.finetune import finetune

        kept = transfer.model_dump() | chosen.model_dump(exclude_unset=True)
        shared: dict[str, Any] = {"callbacks": callbacks, "distributed": launched()}
        return finetune(model, dataset.X, dataset.y, kind=dataset.kind, random_state=seed, **shared, **kept)

    fit_and_save(context.params, fit, verb="fine-tuning")
