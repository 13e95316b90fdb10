"""Every error that ganaug raises on purpose, and the "did you mean" that they share."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches


class GANAugError(Exception):
    """Base of all errors that ganaug raises on purpose."""


class SchemaError(GANAugError, ValueError):
    """The data are not what the operation needs, or do not match what the model was trained on."""


class UnknownTargetError(SchemaError):
    """A table has no column of the name that its labels were said to have."""


class LeakageError(SchemaError):
    """Samples to judge by are among those that were learnt from."""


class ConfigError(GANAugError, ValueError):
    """A setting is unknown, out of range, or contradicts another one."""


class PluginNotFoundError(GANAugError, LookupError):
    """No installed distribution provides the named objective, network, codec, metric, reader or writer."""


class CheckpointError(GANAugError):
    """A checkpoint cannot be trusted or does not fit: the message says which."""


class PoolError(GANAugError):
    """A pool cannot be trusted or does not fit: the message says which."""


class ManifestError(GANAugError):
    """A manifest is missing, damaged, or does not fit another one: the message says which."""


class OutputError(GANAugError, OSError):
    """An output cannot be written: it exists already, or its folder refuses."""


class Interrupted(GANAugError):
    """A signal ended the work, but something was kept that can be continued; the message says what."""

    exit_code = 130


class TransferError(GANAugError, ValueError):
    """A model cannot be the start of another one: the data or the networks have nothing in common."""


class MissingExtraError(GANAugError, ImportError):
    """An optional dependency is not installed; the message names the extra that brings it."""


class TrainingDivergedError(GANAugError, RuntimeError):
    """A loss became NaN or infinite; the message names the step and what to change."""


class TrainingInterrupted(KeyboardInterrupt):
    """A signal ended the training after a whole step, and its state was written.

    Attributes
    ----------
    exit_code : int
        What a program that ends by this signal returns: 130 after Ctrl-C, 143 after SIGTERM.
    """

    def __init__(self, message: str, signal: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal


def did_you_mean(name: object, known: Iterable[object], quote: Callable[[str], str] = repr) -> str:
    """Return a hint, as `quote` writes names: close matches of `name`, or all of `known` if nothing is close."""
    names = [str(k) for k in known]
    close = get_close_matches(str(name), names, n=3)
    if close:
        return "did you mean " + " or ".join(map(quote, close)) + "?"
    shown = names[:20] if quote is repr else map(quote, names[:20])
    listed = ", ".join(shown) + (", …" if len(names) > 20 else "")
    return f"known: {listed}"
