"""``ganaug merge DIR… --out DIR``."""

from pathlib import Path
from typing import Annotated

import typer

from ganaug.cli import options
from ganaug.cli.console import result


def merge(
    folders: Annotated[list[Path], typer.Argument(help="What machines with --shard k/K wrote.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")],
    move: Annotated[
        bool, typer.Option("--move", help="Move files instead of copying them; the folders are gone afterwards.")
    ] = False,
    overwrite: options.Overwrite = False,
    as_json: options.AsJson = False,
) -> None:
    """Join the folders of several machines to what one machine would have written, byte by byte.

    Example: ganaug merge part0/ part1/ --out synthetic/
    """
    for folder in folders:
        if not folder.is_dir():
            raise typer.BadParameter(f"there is no folder {folder}")
    from ganaug.synthesis.merge import merge as join

    plan, files = join(folders, out, move=move, overwrite=overwrite)
    lines = [f"Merged {len(folders)} folders to {out}: {plan.n:,} samples in {files:,} files."]
    result(lines, {"out": str(out), "counts": plan.counts(), "files": files}, as_json)
