import hashlib

import numpy as np
import pytest

from ganaug.core import registry
from ganaug.data.kind import fit_codec
from ganaug.synthesis.plan import ClassPlan, Plan, folder_names
from ganaug.synthesis.writers.frame import column_dtypes


@pytest.fixture(scope="session")
def written():
    """Write chunks, given as {label: [chunk of the only shard, ...]}; return what `write` returned, joined."""

    def write(folder, output, X, shards, *, target="is_fraud", **settings):
        codec = fit_codec(X)
        names = folder_names(list(shards))
        length = lambda chunk: chunk.shape[0] if hasattr(chunk, "shape") else len(chunk)  # noqa: E731
        classes = tuple(
            ClassPlan(label=label, folder=names[label], index=i, n=sum(map(length, chunks)))
            for i, (label, chunks) in enumerate(shards.items())
        )
        dtypes = column_dtypes(codec, np.array(list(shards)), target)
        made = {"target": target, "dtypes": dtypes, "seed": 0, "shard_size": 10**9, "versions": {}}
        plan = Plan(output=output, classes=classes, **made, **settings)
        writer = registry.lookup("writers", output)(codec, plan)
        digests = {}
        for shard in plan.shards():
            (folder / shard.class_plan.folder).mkdir()
            digests |= writer.write(folder, shard, iter(shards[shard.class_plan.label]))
        files = (path for path in folder.rglob("*") if path.is_file())
        on_disk = {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
        assert digests == on_disk
        if writer.suffix:
            writer.join([folder / name for name in digests], folder / f"all{writer.suffix}")
        return digests

    return write
