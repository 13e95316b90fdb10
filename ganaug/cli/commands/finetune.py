"""``ganaug finetune DATA --from MODEL --out MODEL``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganaug.cli.options import grouped
from ganaug.cli.training import Fitting, fit_and_save
from ganaug.core.config import TrainConfig, TransferConfig

if TYPE_CHECKING:
    from ganaug.models.gan import ConditionalGAN

_TRANSFER = "Transfer"


@grouped
def finetune(
    model: Annotated[Path, typer.Option("--from", help="The checkpoint to start from.")],
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
    *,
    fitting: Fitting,
) -> None:
    """Train a model that starts from another one: other classes, another size, other columns.

    Example: ganaug finetune mine/ --from cells.safetensors --out mine.safetensors
    """
    if not model.exists():
        raise typer.BadParameter(f"there is no file {model}")
    options = {"method": method, "embeddings": embeddings, "ewc_weight": ewc_weight}
    settings = fitting.training.merged() | {name: value for name, value in options.items() if value is not None}
    transfer = TransferConfig(**{name: settings.pop(name) for name in options if name in settings})
    config = TrainConfig(**settings)

    def fit(X: Any, y: Any, **shared: Any) -> "ConditionalGAN":
        from ganaug.finetuning.finetune import finetune

        return finetune(model, X, y, **shared, **transfer.model_dump(), **config.model_dump(exclude_unset=True))

    fit_and_save(fitting, fit, verb="fine-tuning")
