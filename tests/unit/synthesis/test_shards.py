import numpy as np
import pytest
import torch

from ganaug.data.codec import concatenate
from ganaug.synthesis.plan import ClassPlan, Plan
from ganaug.synthesis.shards import first_samples, samples, write_shards


@pytest.fixture
def plan(table_gan):
    classes = tuple(ClassPlan(label=k, folder=str(k), index=k, n=7) for k in (0, 1))
    dtypes = {"0": "float64", "1": "float64", "target": "int64"}
    return Plan(output="csv", classes=classes, target="target", dtypes=dtypes, seed=5, shard_size=3, versions={})


def test_a_shard_is_the_same_among_whatever_it_is_made(table_gan, plan):
    shards = list(plan.shards())
    forward = [concatenate(list(samples(table_gan, shard, plan))) for shard in shards]
    backward = [concatenate(list(samples(table_gan, shard, plan))) for shard in reversed(shards)]
    assert [len(part) for part in forward] == [3, 3, 1] * 2
    assert all(np.array_equal(a, b) for a, b in zip(forward, reversed(backward), strict=True))
    assert not np.array_equal(forward[0], forward[1])


@pytest.mark.parametrize("threads", [1, 3])
def test_files_do_not_depend_on_threads_and_all_are_told(table_gan, plan, tmp_path, threads):
    for name in ("0", "1"):
        (tmp_path / name).mkdir()
    told, written = {}, []
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(threads)
        write_shards(
            table_gan,
            plan,
            plan.shards(),
            tmp_path,
            finished=lambda s, files: told.update(files),
            advance=written.append,
        )
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert sorted(told) == [f"{k}/0000{i}.csv" for k in (0, 1) for i in range(3)]
    assert sum(written) == 14
    first = concatenate(list(samples(table_gan, next(iter(plan.shards())), plan)))
    assert np.allclose(np.loadtxt(tmp_path / "0" / "00000.csv", delimiter=",", skiprows=1)[:, :2], first)


def test_a_failure_in_one_shard_ends_the_work(table_gan, plan, tmp_path):
    with pytest.raises(FileNotFoundError):
        write_shards(table_gan, plan, plan.shards(), tmp_path / "gone")


@pytest.mark.parametrize("most", [2, 5, 99])
def test_first_samples_are_those_that_were_written(table_gan, plan, most):
    first = first_samples(table_gan, plan, most)
    assert {label: len(part) for label, part in first.items()} == {0: min(7, most), 1: min(7, most)}
    made = concatenate(
        [chunk for shard in plan.shards() if shard.class_plan.label == 1 for chunk in samples(table_gan, shard, plan)]
    )
    np.testing.assert_allclose(first[1], table_gan.codec.encode(made)[:most], atol=1e-6)
