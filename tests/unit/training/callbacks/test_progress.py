import ganaug
from ganaug.training.callbacks import ProgressBar


def test_progress_bar_shows_losses(iris):
    import io

    from rich.console import Console

    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=100)
    ganaug.train(*iris, max_steps=3, callbacks=[ProgressBar(console)], random_state=0)
    shown = stream.getvalue()
    assert "step 3" in shown and "D 0." in shown and "G 0." in shown and "100%" in shown
