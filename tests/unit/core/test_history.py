import json

import numpy as np
import pandas as pd
import pytest

from ganaug.core.history import History


@pytest.fixture
def history():
    history = History()
    history.append(step=1, d_loss=1.5)
    history.append(step=2, d_loss=0.5)
    return history


def test_empty():
    assert len(History()) == 0
    assert History().last == {}
    assert History().to_dict() == {}


def test_rows_and_columns(history):
    assert len(history) == 2
    assert history["d_loss"] == [1.5, 0.5]
    assert history.last == {"step": 2, "d_loss": 0.5}
    assert "d_loss" in history
    assert "g_loss" not in history
    with pytest.raises(KeyError):
        history["g_loss"]


def test_survives_json_and_goes_into_a_frame(history):
    again = History(json.loads(json.dumps(history.to_dict())))
    assert again.to_dict() == history.to_dict()
    assert pd.DataFrame(again.to_dict()).shape == (2, 2)


def test_what_is_given_out_is_a_copy(history):
    history.to_dict()["d_loss"].append(9)
    assert history["d_loss"] == [1.5, 0.5]


def test_a_rebuilt_history_does_not_write_into_its_source():
    columns = {"step": [1.0]}
    History(columns).append(step=2)
    assert columns == {"step": [1.0]}


def test_repr_says_what_is_in_it(history):
    assert repr(history) == "History(2 rows of step, d_loss)"


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


def test_plot_needs_a_history_and_matplotlib(monkeypatch, history):
    import sys

    from ganaug.core.errors import GANAugError, MissingExtraError

    pytest.importorskip("matplotlib")
    with pytest.raises(GANAugError, match="the history is empty"):
        History().plot()
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'ganaug\[report\]'"):
        history.plot()
