"""Large images, piece by piece."""

from collections.abc import Callable

import torch
from torch import Tensor

TILE, HALO = 192, 24  # pixels of a piece, and of what is seen around it and thrown away


def by_tiles(function: Callable[[Tensor], Tensor], x: Tensor, scale: int = 1, tile: int = TILE) -> Tensor:
    """Apply a function to images piece by piece, in memory that does not grow with them.

    Each piece is cut out with a margin around it, and of the result only what is inside the margin is kept, so that
    pieces meet without a seam.

    Parameters
    ----------
    function : callable
        From ``(batch, channels, h, w)`` to ``(batch, channels', scale * h, scale * w)``.
    x : Tensor of shape (batch, channels, height, width)
    scale : int, default=1
    tile : int, default=192
        Pixels a side.

    Returns
    -------
    Tensor of shape (batch, channels', scale * height, scale * width)
    """
    height, width = x.shape[2:]
    if max(height, width) <= tile:
        return function(x)
    rows = []
    for top in range(0, height, tile):
        row = []
        for left in range(0, width, tile):
            above, before = min(top, HALO), min(left, HALO)
            low, right = min(top + tile, height), min(left + tile, width)
            piece = x[:, :, top - above : low + HALO, left - before : right + HALO]
            made = function(piece)
            kept = made[:, :, scale * above :, scale * before :]
            row.append(kept[:, :, : scale * (low - top), : scale * (right - left)])
        rows.append(torch.cat(row, dim=3))
    return torch.cat(rows, dim=2)
