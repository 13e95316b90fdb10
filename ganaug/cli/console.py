"""What every command prints with: people's words on stderr, results on stdout."""

import json
import sys
from typing import Any

import typer


def say(message: str) -> None:
    """Print one line on stderr, above what rich shows there (typer.echo would write into it)."""
    sys.stderr.write(" ".join(message.split()) + "\n")


def result(lines: list[str], data: dict[str, Any], as_json: bool) -> None:
    """Print a command's result on stdout: lines for people, or one JSON object."""
    typer.echo(json.dumps(data, default=str) if as_json else "\n".join(lines))
