"""``ganaug merge DIR… --out DIR``."""

from pathlib import Path
from typing import Annotated

import typer

from ganaug.cli import options
from ganaug.cli.console import counts_by_name, result


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

    whole = join(folders, out, move=move, overwrite=overwrite)
    n_files = len(whole.manifest.files)
    lines = [f"Merged {len(folders)} folders to {out}: {whole.plan.n:,} samples in {n_files:,} files."]
    result(lines, {"out": str(out), "counts": counts_by_name(whole.counts), "files": n_files}, as_json)
