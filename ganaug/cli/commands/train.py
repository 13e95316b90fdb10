"""``ganaug train DATA --out MODEL``."""

from typing import TYPE_CHECKING, Any

from ganaug.cli.options import grouped
from ganaug.cli.training import Fitting, fit_and_save

if TYPE_CHECKING:
    from ganaug.models.gan import ConditionalGAN


@grouped
def train(fitting: Fitting) -> None:
    """Train a model on labelled images or rows and save it.

    Examples: ganaug train cells/ --out cells.safetensors

    ganaug train frauds.csv --target is_fraud --max-seconds 60 --out frauds.safetensors
    """
    config = fitting.training.config()

    def fit(X: Any, y: Any, **shared: Any) -> "ConditionalGAN":
        from ganaug.training import train as module

        return module.train(X, y, **shared, **config.model_dump())

    fit_and_save(fitting, fit, verb="training")
