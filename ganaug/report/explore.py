"""A page of the directions of a latent space, to be looked at."""

from html import escape
from pathlib import Path

import numpy as np
import torch

from ganaug.core.errors import ConfigError
from ganaug.core.files import replacing
from ganaug.data.kind import kind_named
from ganaug.models.gan import ConditionalGAN
from ganaug.report import pictures

STRENGTHS = -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0  # standard deviations of the latent
_MAX_CLASSES = 8  # rows of a picture, the classes with the fewest training samples
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
figure { display: inline-block; margin: 0 1.5rem 1.5rem 0; vertical-align: top }
img { image-rendering: pixelated; max-width: 100% }
figcaption { color: #555 }
@media (prefers-color-scheme: dark) { body { background: #111; color: #ddd } figcaption { color: #aaa } }
"""


def explore(
    gan: ConditionalGAN,
    path: str | Path,
    *,
    n: int = 12,
    method: str = "sefa",
    seed: int = 0,
    overwrite: bool = False,
) -> Path:
    """Write a page that shows what each direction of a GAN's latent space changes; it loads nothing.

    Each picture is one direction: a row for a class, the same latent moved by -3 … 3 standard deviations.

    Parameters
    ----------
    gan : ConditionalGAN
        Of images.
    path : str or Path
        The file, usually ``*.html``.
    n : int, default=12
        Directions, the strongest first; at most the size of the latent.
    method : {"sefa", "pca"}, default="sefa"
        As in `ganaug.models.latent.Latent.directions`.
    seed : int, default=0
        Draws the latents.
    overwrite : bool, default=False
        Whether an existing file may be replaced.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ConfigError
        If the model makes no pictures, or has no such directions.
    OutputError
        If the file exists and may not be replaced, or cannot be written.
    """
    path = Path(path)
    kind = kind_named(gan.codec.schema.kind)
    if not kind.has_preview:
        raise ConfigError(f"the model makes {kind.plural}, which are no pictures to look at")
    directions = gan.latent.directions(min(n, gan.latent_dim), method)  # type: ignore[arg-type]
    rare = np.argsort(gan.classes.counts, kind="stable")[:_MAX_CLASSES]
    z = np.random.default_rng(seed).standard_normal((len(rare), gan.latent_dim), dtype=np.float32)
    figures = []
    for i, direction in enumerate(directions):
        moved = z[:, None] + np.array(STRENGTHS, np.float32)[:, None] * direction  # (classes, strengths, latent_dim)
        with torch.no_grad():
            c = torch.from_numpy(rare).repeat_interleave(len(STRENGTHS))
            made = gan.generator_ema(torch.from_numpy(moved.reshape(len(c), -1)), c).float().numpy()
        shown = kind.show(gan.codec, made)
        rows = [list(shown[start : start + len(STRENGTHS)]) for start in range(0, len(shown), len(STRENGTHS))]
        ends = made.reshape(len(rare), len(STRENGTHS), -1)[:, [0, -1]]
        caption = f"direction {i}: changes {float(np.abs(ends[:, 1] - ends[:, 0]).mean()) / 2:.0%} of the range"
        picture = f'<img src="{pictures.rows(rows)}" alt="{caption}">'
        figures.append(f"<figure>{picture}<figcaption>{caption}</figcaption></figure>")
    names = ", ".join(str(gan.classes_.tolist()[k]) for k in rare)
    about = f"Rows, from above: {names}. Columns: {', '.join(f'{s:+g}' for s in STRENGTHS)} standard deviations."
    title = f"Latent space of a GAN of {gan.codec.schema.describe()}"
    html = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
        f"<h1>{escape(title)}</h1><p>{escape(about)} Directions by {escape(method)}; "
        f"<code>gan.latent.edit(images, gan.latent.directions({len(directions)}, {method!r})[i], 2.0, y=labels)</code> "
        f"changes real images by one.</p>{''.join(figures)}</html>\n"
    )
    with replacing(path, overwrite=overwrite) as partial:
        partial.write_text(html, encoding="utf-8")
    return path
