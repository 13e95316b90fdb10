import numpy as np
import pytest

from ganaug.core.errors import PluginNotFoundError, SchemaError
from ganaug.data.kind import fit_codec
from ganaug.synthesis.plan import ClassPlan, Plan
from ganaug.synthesis.writers.base import FilePerShard, Writer, writer_for

IMAGES, ROWS = fit_codec(np.zeros((2, 8, 8), np.uint8)), fit_codec(np.eye(3))


class Lines(FilePerShard):
    suffix = ".txt"

    def fill(self, handle, shard, chunks):
        handle.write(b"".join(b"%d\n" % len(chunk) for chunk in chunks))


def test_a_format_is_that_of_the_kind_unless_it_is_named():
    assert writer_for(None, IMAGES)[1].kind == "image"
    assert writer_for(None, ROWS) == writer_for("csv", ROWS)


@pytest.mark.parametrize(
    ("name", "codec", "error", "says"),
    [
        ("images", ROWS, SchemaError, "images holds images; this model makes rows: choose another --format"),
        ("csv", IMAGES, SchemaError, "csv holds rows; this model makes images"),
        ("cvs", ROWS, PluginNotFoundError, "did you mean 'csv'"),
    ],
)
def test_what_a_format_cannot_hold_is_refused(name, codec, error, says):
    with pytest.raises(error, match=says):
        writer_for(name, codec)


def test_a_shard_is_a_file_with_its_digest(tmp_path):
    made = ClassPlan(label="a", folder="a", index=0, n=5)
    plan = Plan(output="lines", classes=(made,), target="y", seed=0, shard_size=3, versions={})
    (tmp_path / "a").mkdir()
    writer = Lines(ROWS, plan)
    first, second = ((writer.write(tmp_path, shard, [range(2), range(shard.n - 2)])) for shard in plan.shards())
    assert list(first | second) == ["a/00000.txt", "a/00001.txt"]
    assert (tmp_path / "a" / "00000.txt").read_bytes() == b"2\n1\n"
    assert all(len(digest) == 64 for digest in (first | second).values())


def test_what_a_format_does_not_say():
    assert Lines.count("file") is None and Lines.versions() == {}
    assert Lines.refuse_unwritable(ROWS) is None
    with pytest.raises(NotImplementedError, match="Lines writes no single file"):
        Writer.join(Lines(ROWS, None), [], "out")
