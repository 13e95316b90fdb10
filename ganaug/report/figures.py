"""Figures of the report: SVG whose text and axes take the colour of the page around it."""

import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from io import BytesIO
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ganaug.core.plotting import COLOURS, curves, style
from ganaug.evaluation.samples import evenly
from ganaug.evaluation.words import shortened

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes

    from ganaug.core.history import History
    from ganaug.evaluation.result import Measurement

_INK = "#123abc"  # stands for the colour of the text until the figure is in the page
_REAL, _SYNTHETIC, _GRAY = COLOURS[0], COLOURS[1], COLOURS[-1]
_WIDTH = 5.0  # inches of 72 pixels
_BINS = 24
_LEVELS = 8  # of a category, the most frequent
_COLOURED = 6  # classes in the projection, the rarest
_POINTS, _OTHERS = 60, 240  # of a class and a source; of all other classes
_HEATED = 24  # columns of a heat map, those that differ most
_NUMBERED = 10  # columns up to which its cells have numbers
_ids = count()


def training(history: "History | None") -> Iterator[dict[str, Any]]:
    """Yield a figure for each group of columns of a training's history."""
    if history is None or len(history) == 0:
        return
    for title, draw in curves(history):
        alt = f"{title} by training step, from {history['step'][0]:.0f} to {history['step'][-1]:.0f}"
        yield {"title": title, "svg": _svg(draw, alt)}


def histogram(real: pd.Series, made: pd.Series, name: str) -> dict[str, Any]:
    """Return how one column is distributed in real and in synthetic samples."""
    said = f"Distribution of {shortened(name)} in real and in synthetic samples"
    missing = [f"{series.isna().mean():.0%}" for series in (real, made)]
    note = "" if missing == ["0%", "0%"] else f"missing: real {missing[0]}, synthetic {missing[1]}"
    real, made = real.dropna(), made.dropna()
    if not len(real) or not len(made):
        return {"svg": None, "note": note}
    numeric = pd.api.types.is_numeric_dtype(real) and not pd.api.types.is_bool_dtype(real)
    dated = pd.api.types.is_datetime64_any_dtype(real)
    if (numeric or dated) and real.nunique() > _LEVELS:
        real, made = (_years(series) if dated else series.astype(float) for series in (real, made))
        draw = partial(_draw_numbers, real=real, made=made, label="year" if dated else "")
    else:
        draw = partial(_draw_levels, real=real, made=made)
    return {"svg": _svg(draw, said, height=2.6), "note": note}


def _years(dates: pd.Series) -> pd.Series:
    return dates.dt.year + (dates.dt.day_of_year - 1) / 365.25


def _draw_numbers(ax: "Axes", real: pd.Series, made: pd.Series, label: str) -> None:
    both = np.concatenate([real, made])
    low, high = np.quantile(both, [0.005, 0.995])
    edges = np.linspace(low, high if high > low else low + 1, _BINS + 1)
    for values, colour, filled, words in ((real, _REAL, True, "real"), (made, _SYNTHETIC, False, "synthetic")):
        shares = np.histogram(np.clip(values, low, high), edges)[0] / len(values)
        ax.stairs(shares, edges, fill=filled, color=colour, alpha=0.45 if filled else 1, lw=1.8, label=words)
    ax.set(yticks=[], xlabel=label)
    ax.grid(False)
    ax.spines["left"].set_visible(False)
    _legend_above(ax)


def _draw_levels(ax: "Axes", real: pd.Series, made: pd.Series) -> None:
    shares = pd.DataFrame({name: s.astype(str).value_counts(normalize=True) for name, s in (("r", real), ("m", made))})
    shares = shares.fillna(0.0).sort_values("r", ascending=False)
    shown, rest = shares[:_LEVELS], shares[_LEVELS:]
    if len(rest):
        shown = pd.concat([shown, pd.DataFrame({"r": [rest["r"].sum()], "m": [rest["m"].sum()]}, ["other"])])
    places = np.arange(len(shown))[::-1]
    ax.barh(places + 0.2, shown["r"], 0.38, color=_REAL, alpha=0.45, label="real")
    ax.barh(places - 0.2, shown["m"], 0.38, fill=False, edgecolor=_SYNTHETIC, lw=1.8, label="synthetic")
    ax.set_yticks(places, [shortened(level, 16) for level in shown.index])
    _percent(ax)
    ax.grid(False)
    _legend_above(ax)


def _legend_above(ax: "Axes") -> None:
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0)


def projection(frame: pd.DataFrame | None, rarest: list[str]) -> dict[str, Any] | None:
    """Return samples on a plane, coloured by class, shaped by where they come from.

    The plane is UMAP's (McInnes et al. 2018, arXiv:1802.03426) where umap-learn is installed, else the first two
    principal components.
    """
    if frame is None or not len(frame):
        return None
    present = [name for name in rarest if (frame["subject"] == name).any()]
    coloured = dict(zip(present[:_COLOURED], COLOURS, strict=False))
    marked = frame.assign(
        mark=np.where(frame["source"] == "synthetic", "x", "o"), colour=frame["subject"].map(coloured).fillna(_GRAY)
    )
    parts = {key: own for key, own in marked.groupby(["mark", "colour"])}
    some = pd.concat([own.iloc[evenly(len(own), _OTHERS if _GRAY in key else _POINTS)] for key, own in parts.items()])
    points, method = _plane(some)
    legend = [(name, colour) for name, colour in coloured.items()]
    if len(present) > len(coloured):
        legend.append((f"{len(present) - len(coloured)} more classes", _GRAY))
    alt = f"Samples on a plane, {method}: real ones as circles, synthetic ones as crosses, a colour for each class"
    draw = partial(_draw_points, points=points, some=some)
    return {"svg": _svg(draw, alt, width=7.5, height=4.4), "legend": legend, "method": method}


def _plane(frame: pd.DataFrame) -> tuple[np.ndarray, str]:
    try:
        from umap import UMAP
    except ImportError:
        return frame[["x", "y"]].to_numpy(), "two principal components"
    features = frame.filter(regex=r"^(x|y|component \d+)$").to_numpy(dtype=np.float32)
    neighbours = min(15, len(features) - 1)
    return UMAP(n_neighbors=neighbours, random_state=0, n_jobs=1).fit_transform(features), "UMAP"


def _draw_points(ax: "Axes", points: np.ndarray, some: pd.DataFrame) -> None:
    for mark, size in (("x", 22), ("o", 18)):
        for colour in some["colour"].unique():
            x, y = points[((some["mark"] == mark) & (some["colour"] == colour)).to_numpy()].T
            look: Any = {"color": colour} if mark == "x" else {"facecolors": "none", "edgecolors": colour}
            ax.scatter(x, y, size, marker=mark, alpha=0.35 if colour == _GRAY else 0.9, linewidths=1.1, **look)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def dots(measurements: "Iterable[Measurement]") -> Iterator[dict[str, Any]]:
    """Yield dot plots of what classifiers reach, and of what synthetic samples add, with 95 % intervals."""
    with_interval = [found for found in measurements if not np.isnan(found.low)]
    for metric in dict.fromkeys(found.metric for found in with_interval):
        own = [found for found in with_interval if found.metric == metric and not found.rival]
        entries = [(found.subject, found, "synthetic" in found.subject) for found in own]
        alt = "; ".join(f"{found.subject}: {found.value:.1%} ({found.low:.1%} to {found.high:.1%})" for found in own)
        yield {
            "title": metric[:1].upper() + metric[1:],
            "svg": _svg(partial(_draw_dots, entries=entries, zero=None), alt, height=2.6),
        }
        gains = [f for f in with_interval if f.metric == metric and f.rival and f.subject == "real + synthetic"]
        if gains:
            entries = [(f"over {found.rival}", found, True) for found in gains]
            alt = "; ".join(f"over {f.rival}: {f.value:+.1%} ({f.low:+.1%} to {f.high:+.1%})" for f in gains)
            yield {
                "title": f"What real + synthetic gains in {metric}",
                "svg": _svg(partial(_draw_dots, entries=entries, zero=0.0), alt, height=2.6),
            }


def gains(table: pd.DataFrame, score: str) -> dict[str, Any] | None:
    """Return a dot plot of what each remedy gains over nothing, with intervals."""
    from ganaug.evaluation.result import Measurement

    found = [
        Measurement(str(name), score, row["gain"], row["gain low"], row["gain high"])
        for name, row in table.iloc[1:].iterrows()
    ]
    if not found:
        return None
    entries = [(each.subject, each, each.subject == "GANOverSampler") for each in found]
    alt = "; ".join(f"{each.subject}: {each.value:+.3f} ({each.low:+.3f} to {each.high:+.3f})" for each in found)
    draw = partial(_draw_dots, entries=entries, zero=0.0)
    return {"title": f"What each remedy gains over nothing, {score}", "svg": _svg(draw, alt, height=2.6)}


def correlations(frame: pd.DataFrame | None) -> dict[str, Any] | None:
    """Return a heat map of how much the correlation of each pair of columns differs from that of real rows."""
    if frame is None or not len(frame):
        return None
    most = frame.groupby("first")["difference"].apply(lambda own: own.abs().max())
    most = most.combine(frame.groupby("second")["difference"].apply(lambda own: own.abs().max()), max, 0.0)
    known = list(dict.fromkeys([*frame["first"], *frame["second"]]))
    kept = set(most.sort_values(ascending=False, kind="stable").index[:_HEATED])
    names = [name for name in known if name in kept]
    place = {name: i for i, name in enumerate(names)}
    matrix = np.full((len(names), len(names)), np.nan)
    for row in frame.itertuples():
        if row.first in place and row.second in place:
            i, j = sorted((place[row.first], place[row.second]))
            matrix[j, i] = row.difference
    worst = frame.iloc[int(frame["difference"].abs().to_numpy().argmax())]
    title = (
        f"Correlations of class {shortened(frame['subject'].iloc[0])}, synthetic less real"
        + (f"; the {len(names)} columns that differ most" if len(names) < len(known) else "")
        + f". Most: {shortened(worst['first'], 24)} and {shortened(worst['second'], 24)}, {worst['difference']:+.2f}"
    )
    side = min(8.5, 2.8 + 0.3 * len(names))
    draw = partial(_draw_heat, matrix=matrix, names=names)
    return {"title": title, "svg": _svg(draw, title, width=max(7.5, side), height=max(2.6, side * 0.75))}


def _draw_heat(ax: "Axes", matrix: np.ndarray, names: list[str]) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    # From the colour of real over nothing to that of synthetic: transparent where nothing differs, on any ground.
    colours = LinearSegmentedColormap.from_list(
        "gap", [(*_rgb(_REAL), 1), (0.5, 0.5, 0.5, 0.08), (*_rgb(_SYNTHETIC), 1)]
    )
    most = max(0.2, float(np.nanmax(np.abs(matrix))))
    mesh = ax.pcolormesh(matrix, cmap=colours, vmin=-most, vmax=most, edgecolors="none")
    places = np.arange(len(names)) + 0.5
    ax.set_xticks(places, [shortened(name, 14) for name in names], rotation=60, ha="right", rotation_mode="anchor")
    ax.set_yticks(places, [shortened(name, 18) for name in names])
    ax.invert_yaxis()
    ax.grid(False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    if len(names) <= _NUMBERED:
        for j, i in zip(*np.nonzero(~np.isnan(matrix)), strict=True):
            ax.text(i + 0.5, j + 0.5, f"{matrix[j, i]:+.2f}", ha="center", va="center", fontsize=9)
    bar = ax.figure.colorbar(mesh, ax=ax, shrink=0.8)
    bar.outline.set_visible(False)


def _rgb(colour: str) -> tuple[float, float, float]:
    return tuple(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))  # type: ignore[return-value]


def _draw_dots(ax: "Axes", entries: "list[tuple[str, Measurement, bool]]", zero: float | None) -> None:
    for place, (_, found, ours) in enumerate(reversed(entries)):
        colour = _SYNTHETIC if ours else _REAL
        ax.plot([found.low, found.high], [place, place], color=colour, lw=2, solid_capstyle="round")
        ax.plot([found.value], [place], "D" if ours else "o", color=colour, ms=7)
    ax.set_yticks(range(len(entries)), [shortened(label, 24) for label, *_ in reversed(entries)])
    ax.set_ylim(-0.6, len(entries) - 0.4)
    ax.grid(axis="y", visible=False)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    if zero is None:
        low, high = min(found.low for _, found, _ in entries), max(found.high for _, found, _ in entries)
        ax.set_xlim(max(-0.005, low - 0.03), min(1.005, high + 0.03))
    else:
        ax.axvline(zero, color=_INK, lw=1)
    _percent(ax)


def distances(drawn: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield how near samples are to training samples, and to synthetic ones, as cumulative shares."""
    for name, title, label in (
        ("to training", "How near samples lie to the training data", "distance to the nearest training sample"),
        ("to synthetic", "What an attacker sees", "distance to the nearest synthetic sample"),
    ):
        found = {source: np.sort(np.asarray(values)) for source, values in drawn.get(name, {}).items()}
        if found and all(map(len, found.values())):
            alt = "; ".join(f"{source}: median {np.median(values):.3g}" for source, values in found.items())
            svg = _svg(partial(_draw_shares, found=found, label=label), f"{title}. {alt}")
            yield {"title": title, "svg": svg}


def _draw_shares(ax: "Axes", found: Mapping[str, np.ndarray], label: str) -> None:
    lines = {"synthetic": (_SYNTHETIC, "-"), "training": (COLOURS[2], "-"), "held out": (_REAL, "--")}
    for source, values in found.items():
        some = values[evenly(len(values), 200)]
        colour, line = lines.get(source, (_INK, ":"))
        ax.plot(some, np.linspace(0, 1, len(some)), line, color=colour, label=source)
    ax.set(xlabel=label, ylim=(0, 1.02), xlim=(0, max(np.quantile(values, 0.98) for values in found.values()) or 1))
    _percent(ax, "y")
    ax.legend(loc="lower right")


def _percent(ax: "Axes", axis: str = "x") -> None:
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    chosen = ax.xaxis if axis == "x" else ax.yaxis
    chosen.set_major_locator(MaxNLocator(4))
    chosen.set_major_formatter(PercentFormatter(1, decimals=0))


def _svg(draw: "Callable[[Axes], None]", alt: str, *, width: float = _WIDTH, height: float = 3.1) -> "Markup":
    """Draw into new axes and return an SVG element without identifiers that could meet those of another figure."""
    from markupsafe import Markup, escape
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    settings: Any = style(_INK) | {
        "svg.fonttype": "none",  # text stays text: it is read aloud, found and copied
        "svg.hashsalt": f"ganaug {next(_ids)}",
        "text.parse_math": False,
        "font.size": 12,
        "font.family": "sans-serif",
    }
    buffer = BytesIO()
    with rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # the browser has it
        figure = Figure((width, height), layout="constrained")
        draw(figure.subplots())
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = buffer.getvalue().decode()
    text = text[text.index("<svg") :].replace(_INK, "currentColor")
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'(<g) id="[^"]*"', r"\1", text)
    text = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", text)
    opening, rest = text.split(">", 1)
    view = re.search(r'viewBox="[^"]*"', opening)
    assert view is not None
    return Markup(f'<svg {view[0]} role="img" aria-label="{escape(alt)}">{rest}')
