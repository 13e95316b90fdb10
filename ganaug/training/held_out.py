"""Held-out rows decide when a training has come as far as it goes."""

import logging
from collections.abc import Sequence

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits
from torch import Tensor

from ganaug.core.config import ResolvedConfig
from ganaug.data.encoded import Encoded
from ganaug.training.callbacks import BestMoment, Callback, Run

MIN_HELD_OUT = 100  # rows: with fewer, chance decides
MAX_HELD_OUT = 1_000
SHARE_HELD_OUT = 0.1
MIN_ROWS_OF_CLASS = 20  # from which one in ten can be spared
_MAX_TAUGHT = 3_000  # real rows that a judge learns from
_TREES = 50
_PATIENCE = {"standard": 3, "best": 5}  # looks
_RECORDS = 10  # between two looks

logger = logging.getLogger("ganaug")


def spare(
    data: Encoded, config: ResolvedConfig, seed: int, callbacks: Sequence[Callback]
) -> tuple[Encoded, list[Callback]]:
    """Return what to train on, and who judges the training by the other samples.

    Nobody does where a callback keeps the best moment already, and none is held out then; nor of images.
    """
    patience = _PATIENCE.get(config.quality)
    watched = any(isinstance(callback, BestMoment) for callback in callbacks)
    wanted = patience is not None and data.x.ndim == 2 and not watched
    chosen = held_out(data.c, seed) if wanted else None
    if chosen is None:
        return data, []
    judge = HeldOutC2ST(data.x[chosen], data.c[chosen], every=_RECORDS, patience=patience)
    return data._replace(x=data.x[~chosen], c=data.c[~chosen]), [judge]


def held_out(c: np.ndarray, seed: int) -> np.ndarray | None:
    """Choose the rows to hold out, a tenth of each class that can spare them; None: too few in all.

    Parameters
    ----------
    c : ndarray of shape (n,)
        Conditions.
    seed : int
        Chooses the rows.

    Returns
    -------
    ndarray of shape (n,), bool, or None
    """
    rng = np.random.default_rng(seed)
    share = min(SHARE_HELD_OUT, MAX_HELD_OUT / len(c))
    chosen = np.zeros(len(c), dtype=bool)
    for condition, n in enumerate(np.bincount(c)):
        if n >= MIN_ROWS_OF_CLASS:
            chosen[rng.choice(np.flatnonzero(c == condition), int(n * share), replace=False)] = True
    if chosen.sum() < MIN_HELD_OUT:
        logger.info("%d rows are too few to hold a tenth out: training takes the fixed number of steps", len(c))
        return None
    return chosen


class HeldOutC2ST(BestMoment):
    """Keeps the generator whose rows boosted trees can least tell from held-out real ones.

    The classifier two-sample test (Lopez-Paz & Oquab 2017, arXiv:1610.06545): trees learn training rows against
    synthetic ones of the same classes; their ROC AUC on held-out and fresh synthetic rows is the distance, at least
    0.5. Always with the same latents and trees. Nothing is trained on the held-out rows, but the choice sees them.

    Parameters
    ----------
    x : ndarray of shape (m, row_dim)
        Encoded held-out rows.
    c : ndarray of shape (m,)
        Their conditions.
    every, patience : int
        As in `BestMoment`.
    """

    measure = "held-out C2ST"

    def __init__(self, x: np.ndarray, c: np.ndarray, *, every: int, patience: int | None) -> None:
        super().__init__(every=every, patience=patience)
        self.x, self.c = torch.from_numpy(x), torch.from_numpy(c)

    def on_train_start(self, trainer: Run) -> None:
        """Choose the training rows and latents that every look shares."""
        super().on_train_start(trainer)
        batches = trainer.batches
        random = torch.Generator().manual_seed(trainer.seed)
        n = len(batches.c)
        taught = torch.randperm(n, generator=random)[:_MAX_TAUGHT].to(batches.c.device)
        self._taught = batches.x[taught].cpu(), batches.c[taught].cpu()
        judged = self.c.repeat(max(1, -(-len(taught) // (2 * len(self.c)))))
        self._c = torch.cat([self._taught[1], judged]).to(trainer.device)
        self._z = torch.randn(len(self._c), trainer.gan.latent_dim, generator=random).to(trainer.device)

    @torch.no_grad()
    def distance(self, trainer: Run) -> float:
        """Return the AUC by which trees tell synthetic rows from held-out ones."""
        synthetic = _table(trainer.generator_ema(self._z, self._c), self._c)
        real, held = _table(*self._taught), _table(self.x, self.c)
        seen, fresh = synthetic[: len(real)], synthetic[len(real) :]
        trees = HistGradientBoostingClassifier(max_iter=_TREES, early_stopping=False, random_state=0)
        with threadpool_limits(1):
            trees.fit(np.concatenate([seen, real]), np.repeat([1, 0], [len(seen), len(real)]))
            scores = trees.decision_function(np.concatenate([fresh, held]))
        auc = float(roc_auc_score(np.repeat([1, 0], [len(fresh), len(held)]), scores))
        logger.info("step %d: trees tell synthetic from held-out rows with an AUC of %.3f", trainer.gan.step, auc)
        return max(0.5, auc)


def _table(x: Tensor, c: Tensor) -> np.ndarray:
    return torch.cat([x.float(), c[:, None].float()], 1).cpu().numpy()
