"""``ganaug pool MODEL --out POOL``."""

import time
from pathlib import Path
from typing import Annotated

import typer

from ganaug.cli import options
from ganaug.cli.console import result, say
from ganaug.core.errors import SchemaError
from ganaug.core.files import refuse_input, refuse_unwritable


def pool(
    model: Annotated[Path, typer.Argument(help="A checkpoint that ganaug train wrote, of images.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Pool to write, usually *.pool.")],
    n: Annotated[int, typer.Option("--n", "-n", min=1, help="Samples per class.")] = 1000,
    classes: Annotated[
        list[str] | None,
        typer.Option(
            "--class", "-c", metavar="NAME", help="Class to make; may be repeated.", show_default="every class"
        ),
    ] = None,
    seed: options.Seed = 0,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,
    as_json: options.AsJson = False,
) -> None:
    """Make samples in advance, for training loops: a file that data loaders read at random.

    Example: ganaug pool cells.safetensors --n 5000 --out cells.pool
    """
    if not model.exists():
        raise typer.BadParameter(f"there is no file {model}")
    refuse_unwritable(out, overwrite=overwrite)
    refuse_input(out, model)
    from ganaug.loops.pool import make_pool
    from ganaug.models.synthesizer import load

    gan = load(model)
    labels = []
    for name in classes or []:
        try:
            labels.append(gan.classes.named(name))
        except SchemaError:
            raise options.no_class(name, gan.classes_.tolist()) from None
    labels = labels or gan.classes_.tolist()
    if not quiet:
        say(f"making {n * len(labels):,} samples")
    start = time.perf_counter()
    written = make_pool(gan, dict.fromkeys(labels, n), out, random_state=seed, overwrite=overwrite)
    data_out = {
        "out": str(out),
        "counts": {str(label): count for label, count in written.counts.items()},
        "seed": seed,
        "sha256": written.sha256,
        "seconds": round(time.perf_counter() - start, 2),
    }
    lines = [
        f"Wrote {len(written):,} samples to {out}, {out.stat().st_size / 1e6:.1f} MB; next:",
        f"  SyntheticMix(dataset, {str(out)!r}), or GANReplace({str(out)!r}, p=0.5)",
    ]
    result(lines, data_out, as_json)
