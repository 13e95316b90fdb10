"""What may happen around a training step without being part of it."""

from ganaug.training.callbacks.alarms import Watchdog, diversity
from ganaug.training.callbacks.base import Callback, Run
from ganaug.training.callbacks.best import BestMoment
from ganaug.training.callbacks.live import LiveTable
from ganaug.training.callbacks.progress import ProgressBar
from ganaug.training.callbacks.tensorboard import TensorBoard

__all__ = ["BestMoment", "Callback", "LiveTable", "ProgressBar", "Run", "TensorBoard", "Watchdog", "diversity"]
