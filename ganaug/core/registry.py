"""Look up a part by name among installed entry points; built-ins are registered the same way as plugins."""

from importlib.metadata import entry_points
from typing import Any

from ganaug.core.errors import PluginNotFoundError, did_you_mean


def names(group: str) -> list[str]:
    """Return the sorted names registered under ``ganaug.<group>``."""
    return sorted({point.name for point in entry_points(group=f"ganaug.{group}")})


def lookup(group: str, name: str) -> Any:
    """Load the part registered as `name` under the entry-point group ``ganaug.<group>``.

    Parameters
    ----------
    group : str
        One of ``objectives``, ``networks``, ``codecs``, ``metrics``, ``readers``, ``writers``.
    name : str
        The registered name.

    Raises
    ------
    PluginNotFoundError
        If no installed distribution registers that name, or if two register it.

    Examples
    --------
    >>> lookup("objectives", "hinge").__name__
    'Hinge'
    """
    found = {point.value: point for point in entry_points(group=f"ganaug.{group}", name=name)}
    if not found:
        hint = did_you_mean(name, names(group))
        raise PluginNotFoundError(f"no {group[:-1]} is registered as {name!r}; {hint}")
    if len(found) > 1:
        raise PluginNotFoundError(
            f"{group[:-1]} {name!r} is registered more than once ({', '.join(sorted(found))}); uninstall one"
        )
    return next(iter(found.values())).load()
