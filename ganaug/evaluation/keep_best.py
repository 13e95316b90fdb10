"""Which moment of a training to keep, by held-out real samples."""

from typing import Any

import numpy as np
import torch
from sklearn.decomposition import PCA
from torch import Tensor

from ganaug.core.errors import SchemaError
from ganaug.data.image.pixels import to_floats
from ganaug.evaluation.fidelity.distances import kernel_distance
from ganaug.evaluation.samples import evenly
from ganaug.training.callbacks import BestMoment, Run

_DIM = 32  # principal components of the training samples
_MADE = 256  # samples of a class
_MOST = 5_000  # training samples that the components are fitted to


class KeepBest(BestMoment):
    """Keeps the generator whose samples are nearest to held-out real ones, and may stop when none comes nearer.

    Nearness is the kernel distance (KID) in the first 32 principal components of the training samples, the mean over
    the classes; always with the same latents. Nothing is trained on the held-out samples, but the choice sees them:
    judge the model on others.

    Parameters
    ----------
    X, y
        Held-out samples and their labels, as for `ganaug.train`; at least 2 of each class that they show.
    every : int, default=5
        Records (about 100 a run) between two looks.
    patience : int or None, default=None
        Looks without a nearer one after which training ends; None: never.

    Attributes
    ----------
    step : int
        Whose generator was kept; 0 before the first look.
    distances : dict of int to float
        Distance by step.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import train_test_split
    >>> X, X_held, y, y_held = train_test_split(*load_iris(return_X_y=True), random_state=0)
    >>> best = KeepBest(X_held, y_held)
    >>> gan = ganaug.train(X, y, max_steps=40, callbacks=[best], random_state=0)
    >>> best.step == min(best.distances, key=best.distances.get)
    True
    """

    def __init__(self, X: Any, y: Any, *, every: int = 5, patience: int | None = None) -> None:
        super().__init__(every=every, patience=patience)
        self.X, self.y = X, y

    def on_train_start(self, trainer: Run) -> None:
        """Encode the held-out samples.

        Raises
        ------
        SchemaError
            If they do not fit the training data, or a class has a single one.
        """
        super().on_train_start(trainer)
        gan = trainer.gan
        x, c = gan.codec.encode(self.X), gan.classes.index(np.asarray(self.y))
        single = np.flatnonzero(np.bincount(c, minlength=len(gan.classes)) == 1)
        if len(single):
            raise SchemaError(f"expected at least 2 held-out samples of class {gan.classes_[single[0]]!r}; got 1")
        stored = trainer.batches.x
        taught = to_floats(stored[evenly(len(stored), _MOST)]).flatten(1).cpu().numpy()
        self._space = PCA(min(_DIM, *taught.shape), whiten=True, svd_solver="randomized", random_state=0).fit(taught)
        self._real = {int(k): self._features(torch.from_numpy(x[c == k])) for k in np.unique(c)}
        random = torch.Generator(trainer.device).manual_seed(0)
        self._z = torch.randn(_MADE, gan.latent_dim, generator=random, device=trainer.device)

    @torch.no_grad()
    def distance(self, trainer: Run) -> float:
        """Return the mean kernel distance of the classes."""
        device = trainer.device
        made = {k: trainer.generator_ema(self._z, torch.full((_MADE,), k, device=device)) for k in self._real}
        return float(np.mean([kernel_distance(real, self._features(made[k])) for k, real in self._real.items()]))

    def _features(self, samples: Tensor) -> np.ndarray:
        return self._space.transform(samples.flatten(1).double().cpu().numpy())
