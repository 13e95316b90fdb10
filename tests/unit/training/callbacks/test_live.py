import io
import re
import time

import pytest

pytest.importorskip("rich")

from rich.console import Console

import ganaug
from ganaug.training.callbacks import Callback, LiveTable
from ganaug.training.callbacks.live import sparkline


def watched(iris, terminal, encoding="utf-8", **settings):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(file=stream, force_terminal=terminal, width=100)
    ganaug.train(*iris, random_state=0, callbacks=[LiveTable(console)], **settings)
    stream.flush()
    return stream.buffer.getvalue().decode(encoding)


def test_a_terminal_gets_a_table_with_curves(iris):
    shown = watched(iris, True, max_steps=30)
    final = shown[shown.rindex("step 30 of 30") :]
    assert "budget spent" in final
    for words in ("discriminator loss", "generator loss", "D right on real", "D right on synthetic", "diversity"):
        assert re.search(rf"{words}.*\d.*[▁▂▃▄▅▆▇█]{{10}}", final), words
    assert re.search(r"step 15 of 30, \d+ s left, [\d,]+ samples/s", shown)
    assert shown.endswith("\x1b[?25h")  # the cursor is back


def test_a_terminal_without_unicode_gets_curves_of_ascii(iris):
    shown = watched(iris, True, encoding="ascii", max_steps=20)
    assert re.search(r"generator loss.*[_.:=+*#-]{10}", shown)


def test_a_log_file_gets_about_ten_plain_lines(iris):
    lines = watched(iris, False, max_steps=100).splitlines()
    assert len(lines) == 10
    assert lines[0].startswith("step 10 of 100, ") and lines[-1].startswith("step 100 of 100, budget spent")
    assert all(re.search(r"D \d.*G \d.*D right on real \d+%, synthetic \d+%  diversity \d", line) for line in lines)
    assert "\x1b" not in "".join(lines)


def test_a_run_that_is_stopped_says_why(iris):
    class Stop(Callback):
        def on_record(self, trainer):
            trainer.stop_reason = "seen enough"

    stream = io.StringIO()
    callbacks = [Stop(), LiveTable(Console(file=stream, width=100))]
    ganaug.train(*iris, random_state=0, max_steps=100, callbacks=callbacks)
    assert stream.getvalue().startswith("step 1 of 100, seen enough")


def test_the_terminal_is_given_back_when_training_fails(iris):
    class Fail(Callback):
        def on_record(self, trainer):
            raise RuntimeError("stop here")

    stream = io.StringIO()
    live = LiveTable(Console(file=stream, force_terminal=True, width=100))
    with pytest.raises(RuntimeError, match="stop here"):
        ganaug.train(*iris, random_state=0, max_steps=5, callbacks=[live, Fail()])
    assert stream.getvalue().endswith("\x1b[?25h")


def test_time_left_follows_the_share_that_is_done(monkeypatch):
    from types import SimpleNamespace

    from ganaug.core.history import History

    clock = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    run = SimpleNamespace(
        progress=0.5, stop_reason="", gan=SimpleNamespace(step=50, config=SimpleNamespace(max_steps=100))
    )
    run.history = History({name: [1.0] for name in ("step", "d_loss", "g_loss", "d_accuracy_real", "d_accuracy_fake")})
    run.history.append(diversity=1.0, samples_per_second=1234.5)
    stream = io.StringIO()
    live = LiveTable(Console(file=stream, width=200))
    live.on_train_start(run)  # resumed half way
    clock[0], run.progress = 130.0, 0.75
    live.on_record(run)
    assert "step 50 of 100, 30 s left, 1,234 samples/s" in stream.getvalue()


def test_sparkline():
    assert sparkline([], 10) == ""
    assert sparkline([3.0], 10) == "▁"
    assert sparkline([1.0, 1.0], 10) == "▁▁"
    assert sparkline([float(i) for i in range(8)], 8) == "▁▂▃▄▅▆▇█"
    assert sparkline([0.0, 0.0, 1.0, 1.0], 2) == "▁█"
    assert sparkline([0.5], 5, ends=(0.0, 1.0)) == "▅"
    assert sparkline([-1.0, 2.0], 5, ends=(0.0, 1.0)) == "▁█"
    assert len(sparkline([float(i % 7) for i in range(1000)], 33)) == 33
