"""Images for the report, as data URIs: pixels stay pixels, gaps are transparent."""

from base64 import b64encode
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

_ACROSS = 8
_MAX_IMAGES = 24  # images in a grid
_SIDE = 64  # pixels; larger images are made smaller
_LEGIBLE = 32  # pixels; smaller ones are enlarged
_WEBP_FROM = 48  # pixels a side in colour, where a PNG gets large


def shown(images: np.ndarray) -> int:
    """Return how many of some images a grid shows."""
    return min(len(images), _MAX_IMAGES)


def grid(images: np.ndarray) -> str:
    """Return images, uint8 ``(n, height, width)`` or ``(n, height, width, channels)``, in rows of 8; at most 24."""
    chosen = np.linspace(0, len(images) - 1, shown(images)).astype(int)
    return rows([list(images[chosen[start : start + _ACROSS]]) for start in range(0, len(chosen), _ACROSS)])


def pairs(above: np.ndarray, below: np.ndarray) -> str:
    """Return two rows of images, one above the other."""
    return rows([list(above), list(below)])


def rows(images: list[list[np.ndarray]]) -> str:
    """Return images, uint8 ``(height, width)`` or ``(height, width, channels)``, in the rows that are given."""
    from PIL import Image

    tiles = [[_tile(image) for image in row] for row in images]
    width, height = tiles[0][0].size
    gap = max(2, max(width, height) // 10)
    across = max(len(row) for row in tiles)
    size = (across * (width + gap) - gap, len(tiles) * (height + gap) - gap)
    sheet = Image.new("RGBA", size, (0, 0, 0, 0))
    for i, row in enumerate(tiles):
        for j, tile in enumerate(row):
            sheet.paste(tile, (j * (width + gap), i * (height + gap)))
    buffer = BytesIO()
    if max(width, height) >= _WEBP_FROM and tiles[0][0].mode != "L":
        sheet.save(buffer, "WEBP", quality=90)
        return "data:image/webp;base64," + b64encode(buffer.getvalue()).decode()
    sheet.save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + b64encode(buffer.getvalue()).decode()


def _tile(image: np.ndarray) -> "Image.Image":
    from PIL import Image

    tile = Image.fromarray(image)
    longest = max(tile.size)
    if longest > _SIDE:
        return tile.resize((tile.width * _SIDE // longest or 1, tile.height * _SIDE // longest or 1))
    scale = max(1, _LEGIBLE // longest)
    return tile.resize((tile.width * scale, tile.height * scale), Image.Resampling.NEAREST)
