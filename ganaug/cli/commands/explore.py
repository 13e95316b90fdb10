"""``ganaug explore MODEL --out PAGE``."""

from pathlib import Path
from typing import Annotated

import typer

from ganaug.cli import options
from ganaug.cli.console import result
from ganaug.core.files import refuse_unwritable


def explore(
    model: Annotated[Path, typer.Argument(help="A checkpoint that ganaug train wrote, of images.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Page to write, usually *.html.")],
    n: Annotated[int, typer.Option("--n", "-n", min=1, help="Directions, the strongest first.")] = 12,
    method: Annotated[str, typer.Option(help="sefa (the first layer), or pca (of its activations).")] = "sefa",
    seed: options.Seed = 0,
    overwrite: options.Overwrite = False,
    as_json: options.AsJson = False,
) -> None:
    """Show what the directions of a model's latent space change, on one page that needs nothing else.

    Example: ganaug explore cells.safetensors --out directions.html
    """
    if not model.exists():
        raise typer.BadParameter(f"there is no file {model}")
    refuse_unwritable(out, overwrite=overwrite)
    from ganaug.core.errors import ConfigError
    from ganaug.models.gan import ConditionalGAN
    from ganaug.models.synthesizer import load
    from ganaug.report.explore import explore as write

    gan = load(model)
    if not isinstance(gan, ConditionalGAN):
        raise ConfigError(f"{model} holds a {type(gan).__name__}, which has no latent space")
    write(gan, out, n=n, method=method, seed=seed, overwrite=overwrite)
    result([f"See {out}."], {"out": str(out), "method": method}, as_json)
