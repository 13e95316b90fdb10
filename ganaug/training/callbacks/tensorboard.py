"""Training curves and sample grids for TensorBoard."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import torch

from ganaug.core.errors import ConfigError
from ganaug.core.extras import require
from ganaug.training.callbacks.base import Callback, Run

Measure: TypeAlias = Callable[[Run], Mapping[str, float]]

_TAGS = {
    "d_loss": "loss/discriminator",
    "g_loss": "loss/generator",
    "d_accuracy_real": "accuracy of D/real",
    "d_accuracy_fake": "accuracy of D/synthetic",
    "d_grad_norm": "gradient norm/discriminator",
    "g_grad_norm": "gradient norm/generator",
    "diversity": "samples/diversity",
    "samples_per_second": "speed/samples per second",
}


class TensorBoard(Callback):
    """Writes TensorBoard event files: curves, samples of every class at fixed latents, and measurements of yours.

    Needs the extra ``tensorboard``. Look with ``tensorboard --logdir FOLDER``.

    Parameters
    ----------
    folder : str or Path
        Where the event files go; made if missing. One folder a run.
    every : int, default=10
        Records between two sample grids and measurements. A run has about 100 records.
    measure : callable, optional
        From the trainer to numbers by tag, for example `ganaug.evaluation.watching.RareFidelity`.

    Raises
    ------
    MissingExtraError
        If tensorboard is not installed.
    ConfigError
        If `every` is not positive.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_iris
    >>> from ganaug.training.callbacks import TensorBoard
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     gan = ganaug.train(*load_iris(return_X_y=True), max_steps=20, callbacks=[TensorBoard(folder)])
    """

    def __init__(self, folder: str | Path, *, every: int = 10, measure: Measure | None = None) -> None:
        require("tensorboard", extra="tensorboard", purpose="the TensorBoard callback")
        if every < 1:
            raise ConfigError(f"every must be at least 1; got {every}")
        self.folder = Path(folder)
        self.every = every
        self.measure = measure

    def on_train_start(self, trainer: Run) -> None:
        """Open the event file."""
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(self.folder))

    def on_record(self, trainer: Run) -> None:
        """Write the newest row, and every so often samples and measurements."""
        last = trainer.history.last
        for name, tag in _TAGS.items():
            self._writer.add_scalar(tag, last[name], trainer.gan.step)
        if len(trainer.history) % self.every == 0 or trainer.stop_reason:
            if trainer.probes.dim() == 5:  # images: (n_classes, n, channels, height, width)
                for label, images in zip(trainer.gan.classes_.tolist(), trainer.probes, strict=True):
                    self._writer.add_image(f"class {label}", _strip(images), trainer.gan.step)
            for tag, value in (self.measure(trainer) if self.measure else {}).items():
                self._writer.add_scalar(tag, value, trainer.gan.step)

    def on_train_end(self, trainer: Run) -> None:
        """Close the event file."""
        self._writer.close()


def _strip(images: torch.Tensor) -> torch.Tensor:
    """Return images in [-1, 1] side by side, ``(channels, height, n · width)``, in [0, 1]."""
    return ((torch.cat(list(images.float().cpu()), dim=2) + 1) / 2).clamp(0, 1)
