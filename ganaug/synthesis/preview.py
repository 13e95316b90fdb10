"""The contact sheet: real images above synthetic ones."""

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from ganaug.models.gan import ConditionalGAN

_ACROSS = 16  # images in a row
_ROWS = 2  # rows of each kind
_TILE = 48  # pixels; images are enlarged to at least this
_GAP = 2
_CAPTION = 18
_MARGIN = 12


def contact_sheet(
    gan: "ConditionalGAN",
    labels: list[Any],
    real: tuple[np.ndarray, np.ndarray] | None,
    synthetic: dict[Any, np.ndarray],
) -> Image.Image:
    """Return a picture with, for each class, two rows of real images (where known) above two rows of synthetic ones.

    Parameters
    ----------
    gan : ConditionalGAN
        Of images.
    labels : list
        Classes to show.
    real : (ndarray, ndarray) or None
        Encoded real images and their conditions.
    synthetic : dict of label to ndarray
        Encoded synthetic images of each class.
    """
    strips = []
    for label in labels:
        if real is not None:
            own = real[0][real[1] == gan.classes.index([label])[0]]
            shown = np.linspace(0, len(own) - 1, min(len(own), _ACROSS * _ROWS)).astype(int)
            strips.append((f"{label}: real", own[shown]))
        strips.append((f"{label}: synthetic", synthetic[label]))
    drawn = [_strip(caption, images[: _ACROSS * _ROWS]) for caption, images in strips]
    width = max(strip.width for strip in drawn)
    sheet = Image.new("RGB", (width + 2 * _MARGIN, sum(strip.height for strip in drawn) + 2 * _MARGIN), "white")
    top = _MARGIN
    for strip in drawn:
        sheet.paste(strip, (_MARGIN, top))
        top += strip.height
    return sheet


def _strip(caption: str, images: np.ndarray) -> Image.Image:
    """Draw ``images (n, channels, height, width)`` in [-1, 1] in rows under a caption."""
    pixels = ((images + 1) * 127.5).round().clip(0, 255).astype(np.uint8)
    height, width = images.shape[2:]
    scale = max(1, -(-_TILE // max(height, width)))
    step_x, step_y = width * scale + _GAP, height * scale + _GAP
    rows = -(-len(images) // _ACROSS)
    strip = Image.new("RGB", (_ACROSS * step_x, _CAPTION + rows * step_y + _GAP), "white")
    ImageDraw.Draw(strip).text((0, 2), caption, fill="black")
    for i, image in enumerate(pixels):
        shown = Image.fromarray(image[0] if len(image) == 1 else np.moveaxis(image, 0, -1)).convert("RGB")
        tile = shown.resize((width * scale, height * scale), Image.Resampling.NEAREST)
        strip.paste(tile, (i % _ACROSS * step_x, _CAPTION + i // _ACROSS * step_y))
    return strip
