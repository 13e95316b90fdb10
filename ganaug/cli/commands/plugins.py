"""``ganaug plugins``."""

import contextlib
import sys
from importlib.metadata import EntryPoint, entry_points
from typing import Annotated, Any

import typer

from ganaug.cli import options
from ganaug.cli.console import result
from ganaug.core import registry
from ganaug.core.errors import MissingExtraError, PluginNotFoundError


def plugins(
    load: Annotated[
        bool, typer.Option("--load/--no-load", help="Import every part, to see whether it can be; takes seconds.")
    ] = True,
    as_json: options.AsJson = False,
) -> None:
    """List the registered parts, where they are from, and whether they load.

    A part is an objective, a network, a codec, a reader or a writer; docs/plugins.md tells how to add one. Exits with
    1 if a part does not load.

    Examples: ganaug plugins

    ganaug plugins --no-load --json
    """
    installed = parts(load=load)
    wide = max(len(part["name"]) for part in installed) if installed else 0
    lines = []
    for part in installed:
        state = part["problem"] or part["missing"] or {True: "loads", None: "not tried"}[part["loads"]]
        lines.append(f"{part['group']:18}  {part['name']:{wide}}  {part['distribution']}  {state}")
    result(lines or ["No parts are registered: ganaug is not installed as a package."], {"parts": installed}, as_json)
    if any(part["problem"] for part in installed):
        raise typer.Exit(1)


def parts(*, load: bool) -> list[dict[str, Any]]:
    """Return every part of every ``ganaug.`` entry-point group: where it is from, and what is wrong with it."""
    groups = [group for group in entry_points().groups if group.startswith("ganaug.")]
    points = [point for group in groups for point in entry_points(group=group)]
    places: dict[tuple[str, str], set[str]] = {}
    for point in points:
        places.setdefault((point.group, point.name), set()).add(point.value)
    installed = []
    for point in sorted(set(points), key=lambda point: (point.group, point.name, point.value)):
        problem, missing = _tried(point) if load else ("", "")
        if len(places[point.group, point.name]) > 1:
            problem = f"registered more than once ({', '.join(sorted(places[point.group, point.name]))}); uninstall one"
        installed.append(
            {
                "group": point.group,
                "name": point.name,
                "value": point.value,
                "distribution": f"{point.dist.name} {point.dist.version}" if point.dist else "unknown",
                "loads": not (problem or missing) if load else None,
                "problem": problem,
                "missing": missing,
            }
        )
    return installed


def _tried(point: EntryPoint) -> tuple[str, str]:
    """Return what is wrong with a part, and which extra it lacks."""
    try:
        with contextlib.redirect_stdout(sys.stderr):  # a part may greet; stdout is the result's
            registry.load(point)
    except MissingExtraError as error:
        return "", str(error)
    except (PluginNotFoundError, SystemExit) as error:
        return str(error) if isinstance(error, PluginNotFoundError) else f"its import ends the program ({error})", ""
    return "", ""
