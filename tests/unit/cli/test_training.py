import errno
import os

import numpy as np
import pandas as pd
import pytest

import ganaug
from ganaug.core import checkpoint

FAST = ("--max-steps", "3", "--quiet")


class TestInterruptions:
    def test_the_state_is_gone_when_the_model_is_there(self, ok, data, elsewhere):
        ok("train", data / "orders.csv", "-o", "m", "--snapshot-every", "1", "--resume", *FAST)
        assert [path.name for path in elsewhere.iterdir()] == ["m"]

    @pytest.mark.parametrize("every", ["0", "-3", "5m", "sometimes", ""])
    def test_unusable_pace(self, fails, data, every):
        fails(2, "train", data / "orders.csv", "-o", "m", "--snapshot-every", every, says="or never")

    def test_finished_models_are_not_resumed(self, ok, fails, data, elsewhere):
        ok("train", data / "orders.csv", "-o", "m", *FAST)
        fails(1, "train", data / "orders.csv", "-o", "m", "--resume", *FAST, says="m exists already")

    def test_a_damaged_state(self, fails, data, elsewhere):
        (elsewhere / "m.resume").write_bytes(b"rubbish")
        says = "m.resume is no ganaug checkpoint"
        fails(1, "train", data / "orders.csv", "-o", "m", "--resume", *FAST, says=says)


class TestStream:
    @pytest.mark.parametrize("asked", [True, False])
    def test_a_table_chunk_by_chunk(self, ok, data, monkeypatch, asked):
        """Asked for, or because the table is large."""
        if not asked:
            monkeypatch.setattr("ganaug.cli.training._LARGE", 10)
        out, err = ok("train", data / "orders.csv", "-o", "m", "--max-steps", "3", *["--stream"] * asked)
        assert "orders.csv, chunk by chunk" in err
        assert ganaug.load("m").classes.counts == [30, 10]

    def test_a_large_table_may_be_read_whole(self, ok, data, monkeypatch):
        monkeypatch.setattr("ganaug.cli.training._LARGE", 10)
        _, err = ok("train", data / "orders.csv", "-o", "m", "--max-steps", "3", "--no-stream")
        assert "chunk" not in err

    def test_only_tables(self, fails, data):
        fails(2, "train", data / "images", "-o", "m", "--stream", says="--stream needs a file that ends in .csv, .tsv")
        options = ("--stream", "--image-size", "8")
        fails(2, "train", data / "orders.csv", "-o", "m", *options, says="--image-size has no meaning")


class TestOutput:
    def test_existing_file_is_kept_and_found_before_training(self, fails, data, elsewhere, no_training):
        (elsewhere / "m").write_text("precious")
        fails(1, "train", data / "orders.csv", "-o", "m", says="m exists already")

    def test_overwrite(self, ok, data, elsewhere):
        (elsewhere / "m").write_text("old")
        ok("train", data / "orders.csv", "-o", "m", "--overwrite", *FAST)
        assert checkpoint.read_header(elsewhere / "m")["step"] == 3
        assert [path.name for path in elsewhere.iterdir()] == ["m"]

    @pytest.mark.parametrize(
        ("out", "says"),
        [("file/m", "file is not a folder"), ("folder", "it is a folder; name a file"), (".", "name the file itself")],
    )
    def test_hopeless_output_is_found_before_training(self, fails, data, elsewhere, no_training, out, says):
        (elsewhere / "file").write_text("x")
        (elsewhere / "folder").mkdir()
        fails(1, "train", data / "orders.csv", "-o", out, "--overwrite", says=says)

    def test_full_disk(self, fails, data, elsewhere, monkeypatch):
        (elsewhere / "m").write_text("old")

        def full(handle):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "fsync", full)
        arguments = ("train", data / "orders.csv", "-o", "m", "--overwrite", *FAST)
        fails(1, *arguments, says="cannot write m: No space left on device")

    def test_diverging_training_writes_nothing(self, fails, elsewhere):
        rng = np.random.default_rng(0)
        frame = pd.DataFrame(rng.normal(size=(40, 2))).assign(label=np.repeat([0, 1], 20))
        frame.to_csv("d.csv", index=False)
        options = ("--objective", "wgan-gp", "--learning-rate", "1e30", "--max-steps", "30", "--quiet")
        fails(1, "train", "d.csv", "-o", "m", *options, says="the loss became")


class TestWatching:
    def test_watch_prints_curves_in_place_of_the_bar(self, ok, data):
        out, err = ok("train", data / "orders.csv", "-o", "m", "--max-steps", "20", "--watch")
        assert "step 20 of 20, budget spent" in err and "D right on real" in err
        assert "Trained 20 steps" in out and "D right" not in out

    def test_watch_in_a_fine_tuning(self, ok, data, models):
        _, err = ok(
            "finetune",
            data / "orders.csv",
            "--from",
            models / "orders.safetensors",
            "-o",
            "m",
            "-w",
            "--max-steps",
            "20",
        )
        assert "D right on real" in err

    def test_watch_and_quiet_contradict(self, fails, data, no_training):
        fails(2, "train", data / "orders.csv", "-o", "m", "--watch", "--quiet", says="--watch and --quiet")

    def test_tensorboard_gets_curves_and_fidelity(self, ok, data, elsewhere):
        accumulators = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
        ok("train", data / "images.npz", "-o", "m", "--tensorboard", "runs/one", *FAST)
        found = accumulators.EventAccumulator(str(elsewhere / "runs" / "one"))
        found.Reload()
        assert {"loss/generator", "coverage/teardrop"} <= set(found.Tags()["scalars"])
        assert found.Tags()["images"] == ["class cat", "class dog", "class teardrop"]

    def test_tensorboard_wants_a_folder_of_its_own(self, fails, data, elsewhere, no_training):
        (elsewhere / "runs").mkdir()
        (elsewhere / "runs" / "events").write_text("of another run")
        fails(1, "train", data / "orders.csv", "-o", "m", "--tensorboard", "runs", says="give every run a new one")

    def test_warnings_stand_above_the_table(self, ok, data, monkeypatch):
        """A terminal is redrawn in place: what is written into it by others gets lost."""
        import io
        import sys
        import warnings

        from rich.console import Console

        from ganaug.cli.console import say
        from ganaug.training.callbacks import LiveTable

        screen = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        monkeypatch.setattr(sys, "stderr", screen)
        monkeypatch.setattr(warnings, "showwarning", lambda message, *_: say(f"warning: {message}"))
        live = LiveTable(Console(stderr=True, width=100, force_terminal=True))

        class Warn(ganaug.training.callbacks.Callback):
            def on_record(self, trainer):
                if trainer.gan.step == 2:
                    warnings.warn("something odd", UserWarning, stacklevel=1)

        X, y = np.random.default_rng(0).normal(size=(40, 2)), np.repeat([0, 1], 20)
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            ganaug.train(X, y, max_steps=3, random_state=0, callbacks=[live, Warn()])
        shown = screen.buffer.getvalue().decode()
        assert "step 2 of 3" in shown[shown.index("something odd") :]  # the table is drawn again below it
