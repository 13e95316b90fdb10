"""Which moment of a training to keep."""

from typing import Any

from torch import Tensor

from ganaug.training.callbacks.base import Callback, Run


class BestMoment(Callback):
    """Keeps the averaged generator of the step with the smallest distance, and may stop when none is smaller.

    A base class: say what `distance` is. A training that is resumed goes on with the distances and the generator that
    were found before.

    Parameters and attributes are those of `ganaug.KeepBest` without the held-out samples.
    """

    measure = "held-out distance"  # what `distance` is, for the progress bar

    def __init__(self, *, every: int = 5, patience: int | None = None) -> None:
        self.every = every
        self.patience = patience
        self.step = 0
        self.distances: dict[int, float] = {}
        self._best: dict[str, Tensor] = {}

    def distance(self, trainer: Run) -> float:
        """Return how far the averaged generator's samples are from real ones."""
        raise NotImplementedError

    def on_train_start(self, trainer: Run) -> None:
        """Forget what another training found."""
        self.step, self.distances, self._best = 0, {}, {}

    def on_record(self, trainer: Run) -> None:
        """Look at the averaged generator, every so many records and at the end."""
        if len(trainer.history) % self.every and not trainer.stop_reason:
            return
        step = trainer.gan.step
        self.distances[step] = self.distance(trainer)
        if not self.step or self.distances[step] < self.distances[self.step]:
            self.step = step
            self._best = {name: tensor.clone() for name, tensor in trainer.generator_ema.state_dict().items()}
        nearest = self.distances[self.step]
        trainer.remark = f"{self.measure} {self.distances[step]:.3f}, best {nearest:.3f} at step {self.step:,}"
        late = sum(looked > self.step for looked in self.distances)
        if self.patience is not None and late >= self.patience and not trainer.stop_reason:
            trainer.stop_reason = f"no nearer to the held-out samples since step {self.step}"
        if trainer.stop_reason:
            trainer.generator_ema.load_state_dict(self._best)

    def state_dict(self) -> dict[str, Any]:
        """Return the distances found so far."""
        return {"step": self.step, "distances": {str(step): found for step, found in self.distances.items()}}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with these distances."""
        self.step = state.get("step", 0)
        self.distances = {int(step): found for step, found in state.get("distances", {}).items()}

    def tensors(self) -> dict[str, Tensor]:
        """Return the generator that is kept."""
        return self._best

    def load_tensors(self, tensors: dict[str, Tensor]) -> None:
        """Go on with this one."""
        self._best = {name: tensor.clone() for name, tensor in tensors.items()}
