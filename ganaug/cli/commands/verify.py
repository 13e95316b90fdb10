"""``ganaug verify DIR``."""

from pathlib import Path
from typing import Annotated

import typer

from ganaug.cli import options
from ganaug.cli.console import result
from ganaug.synthesis import manifest


def verify(
    out: Annotated[Path, typer.Argument(help="A folder that ganaug synth wrote, or a single file.")],
    as_json: options.AsJson = False,
) -> None:
    """Compare files with the digests in manifest.json; exit with 1 if any is missing, altered or extra.

    Example: ganaug verify synthetic/
    """
    if not out.exists():
        raise typer.BadParameter(f"there is no file or folder {out}")
    found = manifest.read(out)
    findings = manifest.verify(out, found)
    wrong = findings.lines()
    lines = wrong or [f"{out} is as it was written: {len(found.files):,} files."]
    result(lines, {"out": str(out), "files": len(found.files), **findings._asdict()}, as_json)
    if wrong:
        raise typer.Exit(1)
