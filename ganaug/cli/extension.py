"""Commands of plugins: listed by their entry points, imported only when they are run."""

from importlib.metadata import entry_points
from typing import Any

import typer
from typer.core import TyperGroup

from ganaug.core import registry

_PANEL = "Commands of plugins"


class ExtensibleGroup(TyperGroup):
    """The commands of ganaug, and those that distributions register in the entry-point group ``ganaug.commands``.

    Such an entry point names a function that Typer would take as a command, or a ``typer.Typer`` of several. For
    ``ganaug --help`` its distribution is named, and nothing is imported.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        """Return ganaug's own commands, then those of plugins."""
        own = super().list_commands(ctx)
        return [*own, *(name for name in registry.names("commands") if name not in own)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command; of a plugin what stands for it in lists, which imports nothing."""
        own = super().get_command(ctx, cmd_name)
        if own is not None or cmd_name not in registry.names("commands"):
            return own
        return _command(cmd_name, lambda: None, help=_origin(cmd_name), rich_help_panel=_PANEL)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the command that is to be run; a plugin's is imported now."""
        name, command, rest = super().resolve_command(ctx, args)
        if name in self.commands or name is None:
            return name, command, rest
        part = registry.lookup("commands", name)
        return name, typer.main.get_command(part) if isinstance(part, typer.Typer) else _command(name, part), rest


def _command(name: str, function: Any, **options: Any) -> Any:
    app = typer.Typer(add_completion=False, context_settings={"help_option_names": ["-h", "--help"]})
    app.command(name, **options)(function)
    return typer.main.get_command(app)


def _origin(name: str) -> str:
    """Say which distribution brings a command."""
    found = [point.dist.name for point in entry_points(group="ganaug.commands", name=name) if point.dist is not None]
    return f"From {found[0]}." if found else "Registered in this process."
