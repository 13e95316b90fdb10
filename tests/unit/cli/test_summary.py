import pytest

pytest.importorskip("typer")

from ganaug.cli import summary
from ganaug.synthesis.plan import ClassPlan, Plan


class TestDryRun:
    def test_nothing_is_written(self, ok, models, elsewhere):
        out, _ = ok("synth", "--model", models / "images.safetensors", "-n", 5000, "--dry-run")
        assert "Would write 15,000 samples to synthetic, 15 shards of images: about " in out
        told, _ = ok("synth", "--model", models / "orders.safetensors", "-n", 5000, "--dry-run", "--json")
        assert told["counts"] == {"no": 5000, "yes": 5000}
        assert list(elsewhere.iterdir()) == []
        ok("synth", "--model", models / "orders.safetensors", "-n", 5000)
        size = sum(path.stat().st_size for path in (elsewhere / "synthetic").glob("*/*.csv"))
        assert told["bytes"] == pytest.approx(size, rel=0.1)

    def test_needs_a_model(self, fails, data, no_training):
        fails(2, "synth", "--data", data / "images.npz", "--dry-run", says="--dry-run measures a model: give --model")


def test_the_table_has_a_row_for_each_class_and_real_counts_where_there_are_any():
    def plan(n_real):
        classes = (
            ClassPlan(label="cat", folder="cat", index=0, n=1500, n_real=n_real),
            ClassPlan(label="a/b", folder="a_b", index=1, n=2),
        )
        return Plan(output="images", classes=classes, target="y", seed=0, shard_size=10, versions={})

    assert [line.split() for line in summary.table(plan(0)).splitlines()] == [
        ["class", "synthetic", "folder"],
        ["cat", "1,500", "cat"],
        ["a/b", "2", "a_b"],
    ]
    assert summary.table(plan(7)).splitlines()[1].split() == ["cat", "1,500", "7", "cat"]
