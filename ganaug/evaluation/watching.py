"""Fidelity while a model trains: cheap enough to be measured again and again."""

import numpy as np
import torch

from ganaug.evaluation.fidelity.prdc import kth_distances, nearest_distances, prdc
from ganaug.evaluation.samples import evenly
from ganaug.training.callbacks import Run


class RareFidelity:
    """Measures coverage and nearest-neighbour ratio of the rarest classes; for ``TensorBoard(measure=...)``.

    Coverage is that of `prdc`; the ratio is the median distance from a synthetic sample to the nearest real one, over
    that between real ones: well under 1 means copies. The trainer's own randomness is left alone.

    Parameters
    ----------
    n_classes : int, default=3
        How many classes, the rarest first. Classes of one sample are left out.
    n : int, default=256
        Samples of each, real (at most) and synthetic.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from ganaug.data.encoded import encode
    >>> from ganaug.training.trainer import Trainer
    >>> data = encode(*load_iris(return_X_y=True))
    >>> gan = ganaug.train(*load_iris(return_X_y=True), max_steps=5, random_state=0)
    >>> found = RareFidelity(n_classes=1)(Trainer(gan, data, seed=0))
    >>> list(found)
    ['coverage/0', 'nearest ratio/0']
    """

    def __init__(self, n_classes: int = 3, n: int = 256) -> None:
        self.n_classes = n_classes
        self.n = n

    @torch.no_grad()
    def __call__(self, trainer: Run) -> dict[str, float]:
        """Return ``coverage/LABEL`` and, unless most real samples have a twin, ``nearest ratio/LABEL``."""
        batches, device = trainer.batches, trainer.device
        counts = torch.bincount(batches.c)
        random = torch.Generator(device).manual_seed(0)
        found = {}
        for condition in [k for k in counts.argsort(stable=True).tolist() if counts[k] > 1][: self.n_classes]:
            z = torch.randn(self.n, trainer.gan.latent_dim, generator=random, device=device)
            made = trainer.generator_ema(z, torch.full((self.n,), condition, device=device))
            synthetic = made.flatten(1).float().cpu().numpy()
            everything = batches.of_class(condition).flatten(1).cpu().numpy()
            real = everything[evenly(len(everything), self.n)]
            label = trainer.gan.classes_[condition]
            found[f"coverage/{label}"] = prdc(real, synthetic, k=min(5, len(real) - 1)).coverage
            between = float(np.median(kth_distances(real, 1)))
            if between:
                found[f"nearest ratio/{label}"] = float(np.median(nearest_distances(synthetic, real))) / between
        return found
