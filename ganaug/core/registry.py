"""Look up a part by name among installed entry points; built-ins are registered the same way as plugins."""

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from ganaug.core.errors import MissingExtraError, PluginNotFoundError, did_you_mean

_registered: dict[tuple[str, str], Any] = {}


def register(group: str, name: str, part: Any) -> None:
    """Register a part in this process alone, for notebooks and tests; packages use entry points.

    Examples
    --------
    >>> register("objectives", "mine", object)
    >>> lookup("objectives", "mine")
    <class 'object'>
    >>> unregister("objectives", "mine")
    """
    _registered[group, name] = part


def unregister(group: str, name: str) -> None:
    """Forget what `register` was told; unknown names are no error."""
    _registered.pop((group, name), None)


def names(group: str) -> list[str]:
    """Return the sorted names registered under ``ganaug.<group>``."""
    installed = {point.name for point in entry_points(group=f"ganaug.{group}")}
    return sorted(installed | {name for known, name in _registered if known == group})


def own_name(group: str, kind: str, name: str) -> str:
    """Return the name of a kind's own part, ``<kind>-<name>``, if there is one, else `name`.

    Examples
    --------
    >>> register("writers", "spectra-csv", object)
    >>> own_name("writers", "spectra", "csv"), own_name("writers", "table", "csv")
    ('spectra-csv', 'csv')
    >>> unregister("writers", "spectra-csv")
    """
    own = f"{kind}-{name}"
    return own if own in names(group) else name


def lookup(group: str, name: str) -> Any:
    """Load the part registered as `name` under the entry-point group ``ganaug.<group>``.

    Parameters
    ----------
    group : str
        One of ``kinds``, ``networks``, ``objectives``, ``sources``, ``metrics``, ``readers``, ``writers``, ``reports``.
    name : str
        The registered name.

    Raises
    ------
    PluginNotFoundError
        If no installed distribution registers that name, two register it, or it cannot be imported.

    Examples
    --------
    >>> lookup("objectives", "hinge").__name__
    'Hinge'
    """
    if (group, name) in _registered:
        return _registered[group, name]
    points = {point.value: point for point in entry_points(group=f"ganaug.{group}", name=name)}
    if not points:
        hint = did_you_mean(name, names(group))
        raise PluginNotFoundError(f"no {group[:-1]} is registered as {name!r}; {hint}")
    if len(points) > 1:
        raise PluginNotFoundError(
            f"{group[:-1]} {name!r} is registered more than once ({', '.join(sorted(points))}); uninstall one"
        )
    return load(next(iter(points.values())))


def load(point: EntryPoint) -> Any:
    """Import the part that an entry point names.

    Raises
    ------
    PluginNotFoundError
        If that fails, whatever its module trips over.
    MissingExtraError
        If it is of an extra that is not installed.
    """
    try:
        return point.load()
    except MissingExtraError:
        raise
    except Exception as error:
        kind = point.group.removeprefix("ganaug.")[:-1]
        origin = f" of {point.dist.name} {point.dist.version}" if point.dist else ""
        said = f"{type(error).__name__}: {error}"
        raise PluginNotFoundError(
            f"{kind} {point.name!r}{origin} does not load ({said}); repair or uninstall it"
        ) from error
