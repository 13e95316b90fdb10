"""What every command prints with: people's words on stderr, results on stdout."""

import json
import os
import sys
from typing import Any

import typer


def say(message: str) -> None:
    """Print one line on stderr, above what rich shows there (typer.echo would write into it)."""
    sys.stderr.write(" ".join(_printable(message).split()) + "\n")


def result(lines: list[str], data: dict[str, Any], as_json: bool) -> None:
    """Print a command's result on stdout: lines for people, or one JSON object."""
    typer.echo(json.dumps(data, default=str) if as_json else "\n".join(map(_printable, lines)))


def is_first_process() -> bool:
    """Whether this process speaks for all that ``torchrun`` started; also where it is the only one."""
    return os.environ.get("RANK", "0") == "0"


def _printable(text: str) -> str:
    """Return text without control characters and half characters, which names of files and classes may hold."""
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else letter.encode("unicode_escape").decode()
        for letter in text
    )
