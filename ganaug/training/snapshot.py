"""Interrupted training goes on where it was, to the very same model."""

import json
import logging
import signal
import threading
import time
import warnings
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from ganaug.core import checkpoint
from ganaug.core.errors import CheckpointError, ConfigError, OutputError, TrainingInterrupted
from ganaug.core.files import locked, refuse_unwritable
from ganaug.core.history import CLOCK, History
from ganaug.models.noise import Noise
from ganaug.training.callbacks import Callback, Run
from ganaug.training.distributed import World

_DATA = ("schema", "codec", "classes", "target")  # of the header of a model
_DUE = 1  # a snapshot is wanted; larger numbers are signals
_OPTIMIZERS = ("g_optimizer", "d_optimizer")

logger = logging.getLogger("ganaug")


class ResumableRun(Run, Protocol):
    """A run whose whole state can be taken and put back; a `Trainer` is one.

    Attributes
    ----------
    callbacks : list of Callback
        All of the run; what they know is a part of the state.
    world : World
        The processes that train together.
    noise : Noise
        What latents are drawn from.
    losses : list of Tensor of shape (2,)
        Of the steps since the last row of history.
    seconds : float
        Spent on training, those before an interruption included.
    kept : str
        For messages of failure: where to go on from.
    """

    callbacks: list[Callback]
    world: World
    noise: Noise
    losses: list[Tensor]
    seconds: float
    kept: str

    def require_finite(self) -> None:
        """Raise `TrainingDivergedError` if a weight, or a loss since the last row of history, is not finite."""
        ...

    def recent_losses(self) -> Tensor:
        """Return the losses since the last row of history, ``(n, 2)``, over all processes, on the CPU."""
        ...


class Snapshot(Callback):
    """Keeps the whole state of a training in a file, so that it can go on after a crash, a kill or Ctrl-C.

    A resumed training gives the model of an undisturbed one, bit for bit, on the same machine and number of threads;
    one that `max_seconds` ends does not, because clocks differ. The file is a checkpoint of the unfinished model as
    well: `ganaug.load`, ``ganaug info`` and ``ganaug finetune --from`` take it.

    Ctrl-C and SIGTERM let the step end, then the state is written and `TrainingInterrupted` raised. Put it last among
    the callbacks: it keeps what the others know too.

    Parameters
    ----------
    path : str or Path
        The file; replaced at each snapshot, never half written, and never while a loss or a weight is not finite.
    seconds : float, default=60
        Time between two snapshots.
    steps : int or None, default=None
        Steps between two snapshots, instead of seconds.
    resume : bool, default=False
        Whether to go on from `path` if it is there.
    overwrite : bool, default=False
        Whether the state of another training may be replaced.

    Raises
    ------
    OutputError
        At the start of training, if there is a state and neither `resume` nor `overwrite`, if another process is
        using it, or if the file cannot be written.
    ConfigError
        At the start of a resumed training, if data or settings are not those of the state; it says which.
    CheckpointError
        If the state is damaged, or no state.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_iris
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     snapshot = Snapshot(folder + "/iris.resume", steps=10, resume=True)
    ...     gan = ganaug.train(*load_iris(return_X_y=True), max_steps=25, random_state=0, callbacks=[snapshot])
    ...     kept = ganaug.load(snapshot.path).step
    ...     snapshot.remove()
    >>> kept
    20
    """

    def __init__(
        self,
        path: str | Path,
        *,
        seconds: float = 60.0,
        steps: int | None = None,
        resume: bool = False,
        overwrite: bool = False,
    ) -> None:
        self.path = Path(path)
        self.seconds = seconds
        self.steps = steps
        self.resume = resume
        self.overwrite = overwrite
        self._stack = ExitStack()

    def on_train_start(self, trainer: ResumableRun) -> None:  # type: ignore[override]  # it sees more than others
        """Refuse what no state could hold, go on from the state, if asked for, and listen to signals."""
        trainer.gan.header()
        self._signal = 0
        self._data = trainer.batches.digest()
        self._last = time.monotonic()
        is_first = trainer.world.rank == 0
        if is_first:
            self._stack.enter_context(locked(self.path, who="training"))
        if self.resume and self.path.exists():
            self._restore(trainer)
        elif is_first:
            if self.path.exists() and not self.overwrite:
                raise OutputError(f"{self.path} is the state of an interrupted training: resume or delete it")
            refuse_unwritable(self.path, overwrite=True)
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._stack.callback(signal.signal, number, signal.signal(number, self._heard))

    def on_step(self, trainer: ResumableRun) -> None:  # type: ignore[override]  # it sees more than others
        """Write the state if it is time, or if a signal came."""
        wanted = trainer.world.agree(self._signal or self._is_due(trainer))
        if not wanted:
            return
        self._write(trainer)
        if wanted != _DUE:
            said = f"{signal.Signals(wanted).name} stopped training after step {trainer.gan.step}"
            raise TrainingInterrupted(f"{said}; its state is in {self.path}", wanted)

    def on_train_end(self, trainer: ResumableRun) -> None:  # type: ignore[override]  # it sees more than others
        """Let go of signals and of the file."""
        self._stack.close()

    def remove(self) -> None:
        """Delete the state: to be called when the finished model is safe."""
        self.path.unlink(missing_ok=True)

    def _heard(self, number: int, frame: Any) -> None:
        if self._signal == number and number == signal.SIGINT:
            raise KeyboardInterrupt  # twice: now
        self._signal = number

    def _is_due(self, trainer: ResumableRun) -> int:
        if self.steps is not None:
            return _DUE if trainer.gan.step % self.steps == 0 else 0
        return _DUE if time.monotonic() - self._last >= self.seconds else 0

    def _write(self, trainer: ResumableRun) -> None:
        trainer.require_finite()
        state = _state(trainer)
        if trainer.world.rank == 0:
            run = {
                **_identity(trainer, self._data),
                "environment": _environment(trainer),
                "clock": {name: column for name, column in trainer.history.to_dict().items() if name in CLOCK},
                "seconds": trainer.seconds,
                "stop_reason": trainer.stop_reason,
                "callbacks": {type(callback).__name__: callback.state_dict() for callback in trainer.callbacks},
            }
            tensors = {f"run.{name}": tensor.cpu().numpy() for name, tensor in state.items()}
            header = {**trainer.gan.header(), "run": run}
            checkpoint.write(self.path, header, trainer.gan.arrays() | tensors, overwrite=True)
        trainer.kept = f"; the state of step {trainer.gan.step} is in {self.path}"
        self._last = time.monotonic()

    def _restore(self, trainer: ResumableRun) -> None:
        header, arrays = checkpoint.read(self.path)
        run = header.get("run")
        if run is None:
            raise CheckpointError(f"{self.path} is a finished model, not the state of a training")
        _compare(trainer, header, _identity(trainer, self._data), self.path)
        environment = _environment(trainer)
        changed = [f"{name} {run['environment'].get(name)} (now {environment[name]})" for name in environment]
        if run["environment"] != environment:
            said = f"{self.path} was made with {', '.join(changed)}: the model may differ in its last digits"
            warnings.warn(said, stacklevel=2)
        try:
            trainer.gan.fill(arrays, self.path)
            trainer.gan.step = header["step"]
            trainer.gan.history = History(header["history"] | run["clock"])
            trainer.seconds = run["seconds"]
            trainer.stop_reason = run["stop_reason"]
            for callback in trainer.callbacks:
                callback.load_state_dict(run["callbacks"].get(type(callback).__name__, {}))
            _load_state(trainer, {name.removeprefix("run."): torch.from_numpy(a) for name, a in arrays.items()})
        except ConfigError:
            raise
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise CheckpointError(f"{self.path} is no usable state of a training: {error!r}") from error
        trainer.kept = f"; the state of step {trainer.gan.step} is in {self.path}"
        logger.info("went on from step %d of %s", trainer.gan.step, self.path)


def _identity(trainer: ResumableRun, data: str) -> dict[str, Any]:
    """Return what must be equal for a training to go on, besides the header of its model."""
    transfer, parent = trainer.gan.transfer, trainer.gan.provenance.parent
    return {
        "seed": trainer.seed,
        "data": data,
        "method": None if transfer is None else transfer.method,
        "embeddings": None if transfer is None else transfer.embeddings,
        "source model": None if parent is None else parent.sha256,
    }


def _compare(trainer: ResumableRun, header: dict[str, Any], identity: dict[str, Any], path: Path) -> None:
    """Raise `ConfigError` unless a state belongs to this training; say what is different."""
    current = json.loads(json.dumps(trainer.gan.header()))
    then, now = header["config"] | header["run"], current["config"] | identity
    changed = [
        f"{name} was {then.get(name)!r}, now {now[name]!r}"
        for name in current["config"] | identity
        if name != "data" and then.get(name) != now[name]
    ]
    if then.get("data") != now["data"] or any(header.get(name) != current[name] for name in _DATA):
        changed.insert(0, "the data are not the same")
    if changed:
        raise ConfigError(f"{path} is the state of another training: {'; '.join(changed)}")


def _environment(trainer: ResumableRun) -> dict[str, Any]:
    """Return what may change the last digits of a result."""
    return {
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "processes": trainer.world.size,
    }


def _state(trainer: ResumableRun) -> dict[str, Tensor]:
    """Return all tensors of a training but the weights."""
    state = {"noise": trainer.noise.get_state(), "losses": trainer.recent_losses()}
    state |= {f"batches.{name}": tensor for name, tensor in trainer.batches.state_dict().items()}
    for part in _OPTIMIZERS:
        for i, moments in trainer.step.optimizers[part].state_dict()["state"].items():
            state |= {f"{part}.{i}.{name}": tensor for name, tensor in moments.items()}
    for callback in trainer.callbacks:
        state |= {f"{_prefix(callback)}{name}": tensor for name, tensor in callback.tensors().items()}
    return state


def _prefix(callback: Callback) -> str:
    return f"callbacks.{type(callback).__name__}."


def _load_state(trainer: ResumableRun, state: dict[str, Tensor]) -> None:
    trainer.noise.set_state(state["noise"])
    trainer.losses[:] = state["losses"].to(trainer.device)
    trainer.batches.load_state_dict(
        {name.removeprefix("batches."): tensor for name, tensor in state.items() if name.startswith("batches.")}
    )
    for callback in trainer.callbacks:
        own = {name: tensor for name, tensor in state.items() if name.startswith(_prefix(callback))}
        callback.load_tensors({name.removeprefix(_prefix(callback)): tensor for name, tensor in own.items()})
    for part in _OPTIMIZERS:
        optimizer = trainer.step.optimizers[part]
        moments: dict[int, dict[str, Tensor]] = {}
        weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        for name, tensor in state.items():
            if name.startswith(part):
                _, i, kind = name.split(".")
                weight = weights[int(i)]
                alike = torch.empty_like(weight) if tensor.shape == weight.shape else torch.empty_like(tensor)
                moments.setdefault(int(i), {})[kind] = alike.copy_(tensor)  # in the weight's memory format
        optimizer.load_state_dict({"state": moments, "param_groups": optimizer.state_dict()["param_groups"]})
