"""Optional dependencies, imported when they are first needed."""

from importlib import import_module
from types import ModuleType

from ganaug.core.errors import MissingExtraError


def require(module: str, *, extra: str, purpose: str) -> ModuleType:
    """Import a module that belongs to an optional extra.

    Parameters
    ----------
    module : str
        For example ``"matplotlib.figure"``.
    extra : str
        The extra of ganaug that installs it.
    purpose : str
        What it is needed for, as the start of a sentence.

    Raises
    ------
    MissingExtraError
        If the package is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != module.partition(".")[0]:
            raise
        raise MissingExtraError(
            f"{purpose} needs {error.name}, which is not installed; use: pip install 'ganaug[{extra}]'"
        ) from None
