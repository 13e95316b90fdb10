"""``ganaug verify DIR``."""

from pathlib import Path
from typing import Annotated

import typer

from ganaug.cli import options
from ganaug.cli.console import result


def verify(
    out: Annotated[Path, typer.Argument(help="A folder that ganaug synth wrote, or a single file.")],
    as_json: options.AsJson = False,
) -> None:
    """Compare files with the digests in manifest.json; exit with 1 if any is missing, altered or extra.

    Example: ganaug verify synthetic/
    """
    if not out.exists():
        raise typer.BadParameter(f"there is no file or folder {out}")
    from ganaug.synthesis import verify as module

    findings = module.verify(out)
    lines = findings.lines() or [f"{out} is as it was written: {findings.n_files:,} files."]
    report = findings._asdict()
    result(lines, {"out": str(out), "files": report.pop("n_files"), **report}, as_json)
    if not findings.intact:
        raise typer.Exit(1)
