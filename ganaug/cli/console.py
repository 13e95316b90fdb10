"""What every command prints with: people's words on stderr, results on stdout."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import typer

from ganaug.core.errors import OutputError


def say(message: str) -> None:
    """Print one line on stderr, above what rich shows there (typer.echo would write into it)."""
    sys.stderr.write(" ".join(_printable(message).split()) + "\n")


def result(lines: list[str], data: dict[str, Any], as_json: bool) -> None:
    """Print a command's result on stdout: lines for people, or one JSON object.

    Raises
    ------
    OutputError
        If stdout cannot take it: a full disk, or a reader that has gone.
    """
    try:
        typer.echo(json.dumps(data, default=str) if as_json else "\n".join(map(_printable, lines)))
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is buffered would fail again at exit
        raise OutputError(f"the result cannot be printed: {error.strerror}") from error


@contextmanager
def counting(what: str, *, hidden: bool) -> Iterator[Callable[[int, int], None]]:
    """Show a bar with the time left on stderr; yield what is told how many are done, and of how many."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    elapsed, left = TimeElapsedColumn(), TimeRemainingColumn()
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), elapsed, TextColumn("left:"), left)
    with Progress(*columns, console=Console(stderr=True), disable=hidden, transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def counts_by_name(counts: Mapping[Any, int]) -> dict[str, int]:
    """Return numbers by the text of their class, for JSON."""
    return {str(label): n for label, n in counts.items()}


def _printable(text: str) -> str:
    """Return text without control characters and half characters, which names of files and classes may hold."""
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else letter.encode("unicode_escape").decode()
        for letter in text
    )
