import numpy as np
import pytest

from ganaug.core.history import History


def test_plot_is_readable_on_white_and_on_black():
    pytest.importorskip("matplotlib")
    from matplotlib.colors import to_rgb

    from ganaug.core.plotting import COLOURS, INK

    def luminance(colour):
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in to_rgb(colour)]
        return sum(weight * v for weight, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    for colour in (*COLOURS, INK):
        for ground in ("white", "black"):
            low, high = sorted((luminance(colour), luminance(ground)))
            assert (high + 0.05) / (low + 0.05) >= (4.5 if colour == INK else 3), (
                colour,
                ground,
            )  # WCAG 2.2: text, graphics


def test_plot_draws_every_column_it_knows():
    pytest.importorskip("matplotlib")
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from sklearn.datasets import load_iris

    import ganaug

    history = ganaug.train(*load_iris(return_X_y=True), max_steps=5, random_state=0).history
    figure = history.plot()
    drawn = {ax.get_title(loc="left"): ax for ax in figure.axes}
    assert list(drawn) == ["Losses", "Discriminator is right", "Diversity", "Gradient norms", "Speed"]
    np.testing.assert_array_equal(drawn["Losses"].lines[1].get_ydata(), history["g_loss"])
    assert [text.get_text() for text in drawn["Losses"].get_legend().texts] == ["discriminator", "generator"]
    loaded = History({name: values for name, values in history.to_dict().items() if name != "samples_per_second"})
    assert len(loaded.plot().axes) == 4
    pyplot.close("all")
