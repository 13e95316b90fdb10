import json

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


def test_plot_needs_a_history_and_matplotlib(monkeypatch, history):
    import sys

    from ganaug.core.errors import GANAugError, MissingExtraError

    pytest.importorskip("matplotlib")
    with pytest.raises(GANAugError, match="the history is empty"):
        History().plot()
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'ganaug\[report\]'"):
        history.plot()
