import ganaug
from ganaug.training.callbacks import ProgressBar


def test_progress_bar_shows_losses(iris):
    import io

    from rich.console import Console

    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=100)
    ganaug.train(*iris, max_steps=3, callbacks=[ProgressBar(console)], random_state=0)
    shown = stream.getvalue()
    assert "held-out" not in shown
    assert "step 3" in shown and "D 0." in shown and "G 0." in shown and "100%" in shown


def test_it_shows_how_near_held_out_samples_are(iris):
    import io

    from rich.console import Console

    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=160)
    best = ganaug.KeepBest(*iris, every=1)
    ganaug.train(*iris, max_steps=3, callbacks=[best, ProgressBar(console)], random_state=0)
    assert f"held-out distance {best.distances[3]:.3f}, best {min(best.distances.values()):.3f} at" in stream.getvalue()
