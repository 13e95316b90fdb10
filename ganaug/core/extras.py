"""Optional dependencies, imported when they are first needed."""

from importlib import import_module
from importlib.util import find_spec
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
        raise _missing(module, extra, purpose) from None


def refuse_missing(*modules: str, extra: str, purpose: str) -> None:
    """Raise `MissingExtraError` unless all these top-level modules of an extra are there; none is imported.

    To be asked before minutes of work, or at the head of a module that cannot do without them.
    """
    missing = next((module for module in modules if find_spec(module) is None), None)
    if missing is not None:
        raise _missing(missing, extra, purpose)


def _missing(module: str, extra: str, purpose: str) -> MissingExtraError:
    package = module.partition(".")[0]
    return MissingExtraError(f"{purpose} needs {package}, which is not installed; use: pip install 'ganaug[{extra}]'")
