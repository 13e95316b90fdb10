"""A picture that shows images before and after, side by side."""

import numpy as np
from ganaug.data.image.pixels import to_picture
from PIL import Image, ImageDraw

_ACROSS = 12  # images in a row
_TILE = 56  # pixels; images are enlarged to at least this
_GAP, _CAPTION, _MARGIN = 2, 16, 8


def before_and_after(
    before: np.ndarray,
    after: np.ndarray,
    *,
    real: np.ndarray | None = None,
    names: tuple[str, str, str] = ("before", "after", "real"),
    n_rows: int = 3,
) -> Image.Image:
    """Return pairs of rows: images ``(n, channels, height, width)`` in [-1, 1], and below each what became of it.

    Parameters
    ----------
    before, after : ndarray
        Of one length; as many are shown, evenly spread, as fit.
    real : ndarray, optional
        Real images of the target, shown in rows of their own at the bottom.
    names : (str, str, str)
        Captions.
    n_rows : int, default=3
        Pairs of rows.
    """
    shown = np.linspace(0, len(before) - 1, min(len(before), n_rows * _ACROSS)).astype(int)
    rows = []
    for i in range(0, len(shown), _ACROSS):
        part = shown[i : i + _ACROSS]
        rows += [(names[0], before[part]), (names[1], after[part])]
    if real is not None:
        rows.append((names[2], real[np.linspace(0, len(real) - 1, min(len(real), _ACROSS)).astype(int)]))
    height, width = before.shape[2:]
    scale = max(1, -(-_TILE // max(height, width)))
    step_x, step_y = width * scale + _GAP, height * scale + _GAP
    captions = [i == 0 or names[2] == name or i == 1 for i, (name, _) in enumerate(rows)]
    tall = 2 * _MARGIN + sum(step_y + _CAPTION * said + _GAP for said in captions)
    sheet = Image.new("RGB", (_ACROSS * step_x + 2 * _MARGIN, tall), "white")
    top = _MARGIN
    for (name, images), said in zip(rows, captions, strict=True):
        if said:
            ImageDraw.Draw(sheet).text((_MARGIN, top), name, fill="black")
            top += _CAPTION
        for k, picture in enumerate(to_picture(images)):
            tile = Image.fromarray(picture).convert("RGB")
            tile = tile.resize((width * scale, height * scale), Image.Resampling.NEAREST)
            sheet.paste(tile, (_MARGIN + k * step_x, top))
        top += step_y + _GAP
    return sheet
