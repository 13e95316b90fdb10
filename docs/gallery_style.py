"""How the pictures of the gallery look: readable on a light and on a dark page."""

from typing import Any


def reset(gallery_conf: dict[str, Any], script: str) -> None:
    """Set matplotlib's defaults before each example, and silence what only a terminal wants."""
    import matplotlib.pyplot as plt

    plt.style.use("default")
    plt.rcParams |= {
        "figure.figsize": (7, 3.2),
        "figure.constrained_layout.use": True,
        "savefig.dpi": 110,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "image.cmap": "gray",
        "axes.prop_cycle": plt.cycler(color=["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"]),
    }
