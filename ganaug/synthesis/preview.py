"""The contact sheet: real images above synthetic ones."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ganaug.data.kind import kind_named
from ganaug.models.synthesizer import Synthesizer
from ganaug.synthesis.real import take

if TYPE_CHECKING:
    from PIL import Image

_ACROSS = 16  # images in a row
_ROWS = 2  # rows of each kind
_TILE = 48  # pixels; images are enlarged to at least this
_GAP = 2
_CAPTION = 18
_MARGIN = 12

MAX_SHOWN = _ACROSS * _ROWS  # images of a class, real and synthetic each


def contact_sheet(
    synthesizer: Synthesizer, synthetic: dict[Any, np.ndarray], real: tuple[Any, Any] | None
) -> "Image.Image":
    """Return a picture with, for each class, two rows of real images (where known) above two rows of synthetic ones.

    Parameters
    ----------
    synthesizer : Synthesizer
        Of samples that are shown as pictures.
    synthetic : dict of label to ndarray
        Encoded synthetic images of each class.
    real : (X, y) or None
        Real images and their labels.
    """
    from PIL import Image

    strips = []
    for label, images in synthetic.items():
        if real is not None:
            X, y = real
            own = np.flatnonzero(synthesizer.classes.index(y) == synthesizer.classes.index([label])[0])
            shown = own[np.linspace(0, len(own) - 1, min(len(own), MAX_SHOWN)).astype(int)]
            if len(shown):
                strips.append((f"{label}: real", synthesizer.codec.encode(take(X, shown))))
        strips.append((f"{label}: synthetic", images))
    codec = synthesizer.codec
    kind = kind_named(codec.schema.kind)
    drawn = [_strip(caption, kind.gallery(codec, samples, MAX_SHOWN)) for caption, samples in strips]
    width = max(strip.width for strip in drawn)
    sheet = Image.new("RGB", (width + 2 * _MARGIN, sum(strip.height for strip in drawn) + 2 * _MARGIN), "white")
    top = _MARGIN
    for strip in drawn:
        sheet.paste(strip, (_MARGIN, top))
        top += strip.height
    return sheet


def _strip(caption: str, images: np.ndarray) -> "Image.Image":
    """Draw pictures, uint8 ``(n, height, width)`` or with colours last, in rows under a caption."""
    from PIL import Image, ImageDraw

    height, width = images.shape[1:3]
    scale = max(1, -(-_TILE // max(height, width)))
    step_x, step_y = width * scale + _GAP, height * scale + _GAP
    rows = -(-len(images) // _ACROSS)
    strip = Image.new("RGB", (_ACROSS * step_x, _CAPTION + rows * step_y + _GAP), "white")
    ImageDraw.Draw(strip).text((0, 2), caption, fill="black")
    for i, picture in enumerate(images):
        shown = Image.fromarray(picture).convert("RGB")
        tile = shown.resize((width * scale, height * scale), Image.Resampling.NEAREST)
        strip.paste(tile, (i % _ACROSS * step_x, _CAPTION + i // _ACROSS * step_y))
    return strip
