"""Write docs/cli.md from the program's own help, or with --check fail if it is out of date."""

import os
import sys
from pathlib import Path

PAGE = Path(__file__).parent / "cli.md"
COMMANDS = [
    [],
    ["compare"],
    ["train"],
    ["finetune"],
    ["synth"],
    ["verify"],
    ["merge"],
    ["pool"],
    ["evaluate"],
    ["explore"],
    ["info"],
    ["plugins"],
    ["doctor"],
    ["cache"],
    ["cache", "list"],
    ["cache", "clear"],
]


def page() -> str:
    """Return the page."""
    os.environ.update(COLUMNS="100", NO_COLOR="1", TERM="dumb", TERMINAL_WIDTH="100")
    from typer.core import TyperGroup
    from typer.testing import CliRunner

    from ganaug.cli.app import app
    from ganaug.cli.extension import ExtensibleGroup

    ExtensibleGroup.list_commands = TyperGroup.list_commands  # without those of plugins that happen to be installed
    parts = ["# The command line", "", "Generated from the program by `make docs`.", ""]
    for command in COMMANDS:
        output = CliRunner().invoke(app, [*command, "--help"], prog_name="ganaug").output
        text = "\n".join(line.rstrip() for line in output.strip().splitlines())
        parts += [f"## {' '.join(['ganaug', *command])}", "", "```text", text, "```", ""]
    return "\n".join(parts)


if __name__ == "__main__":
    fresh = page()
    if "--check" not in sys.argv:
        PAGE.write_text(fresh, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != fresh:
        sys.exit("docs/cli.md is out of date: run `make docs`")
