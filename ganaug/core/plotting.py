"""How figures look, and the figure of a training run; needs the extra ``report``."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe & Ito's colours, told apart with any kind of colour vision, moved to be readable on white and on black.
COLOURS = ("#0086d1", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#6a7fdb", "#8c8c8c")
INK = "#767676"  # of text and axes: a gray that stands out from white and from black
_CURVES = (  # title, label of the vertical axis, columns with what they are called, ends of the axis
    ("Losses", "loss", (("d_loss", "discriminator"), ("g_loss", "generator")), None),
    ("Discriminator is right", "share", (("d_accuracy_real", "on real"), ("d_accuracy_fake", "on synthetic")), (0, 1)),
    ("Diversity", "share of the real spread", (("diversity", "worst class"),), (0, None)),
    ("Gradient norms", "norm", (("d_grad_norm", "discriminator"), ("g_grad_norm", "generator")), None),
    ("Speed", "samples per second", (("samples_per_second", "training"),), (0, None)),
)


def style(ink: str = INK) -> dict[str, Any]:
    """Return matplotlib settings: transparent, few lines, all text and axes in one colour."""
    return {
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "savefig.facecolor": "none",
        "axes.edgecolor": ink,
        "axes.labelcolor": ink,
        "axes.titlecolor": ink,
        "text.color": ink,
        "xtick.color": ink,
        "ytick.color": ink,
        "grid.color": ink,
        "grid.alpha": 0.25,
        "grid.linewidth": 0.6,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 11,
        "axes.titlelocation": "left",
        "legend.frameon": False,
        "font.size": 9,
        "lines.linewidth": 1.5,
    }


def draw_history(figure: "Figure", history: Any) -> None:
    """Draw the curves that a history has into a figure, two beside each other."""
    shown = list(curves(history))
    axes = figure.subplots(-(-len(shown) // 2), 2, squeeze=False).ravel()
    for ax in axes[len(shown) :]:
        ax.remove()
    for ax, (title, draw) in zip(axes, shown, strict=False):
        ax.set_title(title)
        draw(ax)


def curves(history: Any) -> Iterator[tuple[str, Callable[["Axes"], None]]]:
    """Yield a title, and what draws into axes, for each group of columns that a history has."""
    for title, label, columns, ends in _CURVES:
        present = [(name, words) for name, words in columns if name in history]
        if present:
            yield title, partial(_draw_curve, history=history, label=label, columns=present, ends=ends)


def _draw_curve(ax: "Axes", history: Any, label: str, columns: list[tuple[str, str]], ends: Any) -> None:
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    for (name, words), colour, line in zip(columns, COLOURS, ("-", "--"), strict=False):
        ax.plot(history["step"], history[name], line, color=colour, label=words)
    ax.set(xlabel="step", ylabel=label)
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    if ends is not None:
        ax.set_ylim(*ends)
    if ends == (0, 1):
        ax.yaxis.set_major_formatter(PercentFormatter(1))
    if len(columns) > 1:
        ax.legend()
