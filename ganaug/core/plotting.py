"""How figures look, and the figure of a training run; needs the extra ``report``."""

from typing import TYPE_CHECKING, Any

from ganaug.core.extras import require

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ganaug.core.history import History

# Okabe & Ito's colours, told apart with any kind of colour vision, moved to be readable on white and on black.
COLOURS = ("#0086d1", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#6a7fdb", "#8c8c8c")
INK = "#808080"  # of text and axes: a gray that stands out from white and from black
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


def figure(width: float, height: float) -> "Figure":
    """Return an empty figure that no window waits for; sizes in inches."""
    return require("matplotlib.figure", extra="report", purpose="drawing").Figure((width, height), layout="constrained")


def draw_history(figure: "Figure", history: "History") -> None:
    """Draw the curves that a history has into a figure, two beside each other."""
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    shown = [curve for curve in _CURVES if any(name in history for name, _ in curve[2])]
    axes = figure.subplots(-(-len(shown) // 2), 2, squeeze=False).ravel()
    for ax in axes[len(shown) :]:
        ax.remove()
    for ax, (title, label, columns, ends) in zip(axes, shown, strict=False):
        drawn = [entry for entry in columns if entry[0] in history]
        for (name, words), colour, line in zip(drawn, COLOURS, ("-", "--"), strict=False):
            ax.plot(history["step"], history[name], line, color=colour, label=words)
        ax.set(title=title, xlabel="step", ylabel=label)
        ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        if ends is not None:
            ax.set_ylim(*ends)
        if ends == (0, 1):
            ax.yaxis.set_major_formatter(PercentFormatter(1))
        if len(drawn) > 1:
            ax.legend()
