"""The networks of restoration: an enlarging one, and one that keeps the size."""

from typing import Any

from ganaug.models.conv import doubled_widths
from torch import Tensor, nn
from torch.nn import functional as F


class Enlarger(nn.Module):
    """Image to a larger one: residual blocks at the small size, then pixel shuffling (EDSR, Lim et al. 2017).

    What bicubic interpolation gives is added (arXiv:1707.02921 has no normalisation either).

    Parameters
    ----------
    channels, width, n_blocks : int
    scale : int
        2 or 4.
    """

    def __init__(self, channels: int, width: int, n_blocks: int, scale: int) -> None:
        super().__init__()
        self.scale = scale
        self.enter = nn.Conv2d(channels, width, 3, padding=1)
        self.blocks = nn.Sequential(*(_Block(width) for _ in range(n_blocks)))
        self.out = nn.Conv2d(width, channels * scale**2, 3, padding=1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(batch, channels, scale * height, scale * width)``."""
        large = F.interpolate(x, scale_factor=self.scale, mode="bicubic", align_corners=False)
        h = self.enter(x)
        return large + F.pixel_shuffle(self.out(h + self.blocks(h)).float(), self.scale)


class Mender(nn.Module):
    """Image to an image of its size: a U-Net (Ronneberger et al. 2015, arXiv:1505.04597) that says what to add.

    Parameters
    ----------
    channels, width, depth, n_blocks : int
        Channels of the image, channels at full size, halvings, residual blocks at the bottom.
    masked : bool
        Whether the input has a mask as its last channel, outside of which the image stays as it is.
    """

    def __init__(self, channels: int, width: int, depth: int, n_blocks: int, masked: bool) -> None:
        super().__init__()
        self.masked = masked
        self.step = 2**depth
        widths = doubled_widths(width, depth)
        self.enter = nn.Conv2d(channels + masked, widths[0], 3, padding=1)
        self.first = _Block(widths[0])
        self.downs = nn.ModuleList(nn.Conv2d(a, b, 2, 2) for a, b in zip(widths, widths[1:], strict=False))
        self.bottom = nn.Sequential(*(_Block(widths[-1]) for _ in range(n_blocks)))
        self.ups = nn.ModuleList(nn.Conv2d(widths[i + 1], widths[i], 3, padding=1) for i in reversed(range(depth)))
        self.mends = nn.ModuleList(_Block(widths[i]) for i in reversed(range(depth)))
        self.out = nn.Conv2d(widths[0], channels, 3, padding=1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(batch, channels, height, width)``."""
        height, width = x.shape[2:]
        padded = F.pad(x, (0, -width % self.step, 0, -height % self.step), mode="replicate")
        h = self.first(F.relu(self.enter(padded)))
        kept = [h]
        for down in self.downs:
            h = F.relu(down(h))
            kept.append(h)
        h = self.bottom(h)
        for up, mend, skip in zip(self.ups, self.mends, kept[-2::-1], strict=True):
            h = mend(F.interpolate(F.relu(up(h)), scale_factor=2, mode="nearest") + skip)
        added = self.out(h)[:, :, :height, :width].float()
        if self.masked:
            return x[:, :-1] + added * x[:, -1:]
        return x + added


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = (nn.Conv2d(width, width, 3, padding=1) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.relu(self.first(x)))


def build_restorer(channels: int, config: Any) -> nn.Module:
    """Return the network of a task."""
    if config.network == "superres":
        return Enlarger(channels, config.width, config.n_blocks, config.scale)
    return Mender(channels, config.width, config.depth, config.n_blocks, config.network == "inpaint")
