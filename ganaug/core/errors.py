"""Every error that ganaug raises on purpose, and the "did you mean" that they share."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches


class GANAugError(Exception):
    """Base of all errors that ganaug raises on purpose.

    Examples
    --------
    >>> try:
    ...     ganaug.TrainConfig(max_stepz=5)
    ... except GANAugError as error:
    ...     print(type(error).__name__, error)
    ConfigError unknown setting 'max_stepz'; did you mean 'max_steps' or 'd_steps' or 'max_seconds'?
    """


class SchemaError(GANAugError, ValueError):
    """The data are not what the operation needs, or do not match what the model was trained on.

    Examples
    --------
    >>> try:
    ...     ganaug.train([[1.0], [2.0]], [0.143, 0.286])
    ... except SchemaError as error:
    ...     print(str(error).partition(":")[0])
    y must hold class labels
    """


class UnknownTargetError(SchemaError):
    """A table has no column of the name that its labels were said to have."""


class LeakageError(SchemaError):
    """Samples to judge by are among those that were learnt from.

    Examples
    --------
    >>> issubclass(LeakageError, SchemaError)
    True
    """


class ConfigError(GANAugError, ValueError):
    """A setting is unknown, out of range, or contradicts another one.

    Examples
    --------
    >>> try:
    ...     ganaug.TrainConfig(max_steps=0)
    ... except ConfigError as error:
    ...     print(error)
    invalid setting: max_steps = 0: Input should be greater than 0
    """


class PluginNotFoundError(GANAugError, LookupError):
    """No installed distribution provides the named objective, network, codec, metric, reader or writer.

    Examples
    --------
    >>> from ganaug.core.registry import lookup
    >>> try:
    ...     lookup("objectives", "hing")
    ... except PluginNotFoundError as error:
    ...     print(error)
    no objective is registered as 'hing'; did you mean 'hinge'?
    """


class CheckpointError(GANAugError):
    """A checkpoint cannot be trusted or does not fit: the message says which.

    Examples
    --------
    >>> try:
    ...     ganaug.load("missing.safetensors")
    ... except CheckpointError as error:
    ...     print(error)
    cannot read missing.safetensors: No such file or directory
    """


class PoolError(GANAugError):
    """A pool cannot be trusted or does not fit: the message says which.

    Examples
    --------
    >>> try:
    ...     ganaug.Pool("missing.pool")
    ... except PoolError as error:
    ...     print("missing.pool" in str(error))
    True
    """


class ManifestError(GANAugError):
    """A manifest is missing, damaged, or does not fit another one: the message says which.

    Examples
    --------
    >>> try:
    ...     ganaug.verify("missing-folder")
    ... except ManifestError as error:
    ...     print(type(error).__name__)
    ManifestError
    """


class OutputError(GANAugError, OSError):
    """An output cannot be written: it exists already, or its folder refuses.

    Examples
    --------
    >>> import tempfile
    >>> gan = ganaug.train([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1], max_steps=1, random_state=0)
    >>> with tempfile.NamedTemporaryFile(suffix=".safetensors") as file:
    ...     try:
    ...         gan.save(file.name)
    ...     except OutputError as error:
    ...         print("exists" in str(error))
    True
    """


class Interrupted(GANAugError):
    """A signal ended the work, but something was kept that can be continued; the message says what."""

    exit_code = 130


class TransferError(GANAugError, ValueError):
    """A model cannot be the start of another one: the data or the networks have nothing in common.

    Examples
    --------
    >>> import numpy as np
    >>> rows = ganaug.train([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1], max_steps=1, random_state=0)
    >>> try:
    ...     ganaug.finetune(rows, np.zeros((8, 8, 8), np.uint8), [0, 1] * 4, kind="image")
    ... except TransferError as error:
    ...     print(str(error).partition(";")[2].strip())
    it cannot start a model of images
    """


class MissingExtraError(GANAugError, ImportError):
    """An optional dependency is not installed; the message names the extra that brings it."""


class TrainingDivergedError(GANAugError, RuntimeError):
    """A loss became NaN or infinite; the message names the step and what to change.

    Examples
    --------
    >>> issubclass(TrainingDivergedError, RuntimeError)
    True
    """


class TrainingInterrupted(KeyboardInterrupt):
    """A signal ended the training after a whole step, and its state was written.

    Attributes
    ----------
    exit_code : int
        What a program that ends by this signal returns: 130 after Ctrl-C, 143 after SIGTERM.

    Examples
    --------
    >>> TrainingInterrupted("SIGTERM stopped training after step 7", 15).exit_code
    143
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
