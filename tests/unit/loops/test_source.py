import multiprocessing
import pickle

import pytest
import torch

pytest.importorskip("torchvision")

from ganaug import ConfigError
from ganaug.loops.source import Live, as_source, draw, temporary


def test_draws_are_torch_s(pool):
    cpu = torch.device("cpu")
    torch.manual_seed(1)
    one = draw(pool, [0, 1, 2], cpu)
    torch.manual_seed(1)
    assert torch.equal(one, draw(pool, [0, 1, 2], cpu))
    assert len({draw(pool, [2], cpu).float().mean().item() for _ in range(50)}) > 4


def test_temporary_one_is_deleted_with_the_object(gan):
    pool = temporary(gan, 3)
    path, child = pool.path, multiprocessing.get_context("fork").Process(target=pool.__repr__)
    child.start()
    child.join()
    assert path.exists()
    del pool
    child.close()
    del child
    assert not path.parent.exists()


def test_seed_of_a_temporary_one_is_torch_s(gan):
    digests = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        digests.append(temporary(gan, 3).sha256)
    assert digests[0] == digests[1] != digests[2]


def test_models_by_path_share_one(gan, tmp_path):
    gan.save(tmp_path / "gan")
    one, two = as_source(tmp_path / "gan", 3), as_source(str(tmp_path / "gan"), 3)
    assert one is two
    assert len(one) == 6


def test_a_source_is_told_by_what_it_is(pool, gan, tmp_path):
    gan.save(tmp_path / "gan")
    assert as_source(pool, 5) is pool
    assert as_source(pool.path, 5).sha256 == pool.sha256
    assert as_source(gan, 5, random_state=0).counts == {0: 5, 1: 5}
    assert isinstance(as_source(gan, 5, live=True), Live)
    assert isinstance(as_source(tmp_path / "gan", 5, live=True), Live)


def test_live_samples_stay_where_they_are_made(gan):
    live = as_source(gan, 5, live=True)
    made = live.tensors([0, 1, 1], torch.device("cpu"))
    assert (made.shape, made.dtype) == ((3, 1, 8, 8), torch.uint8)
    with pytest.raises(ConfigError, match="cannot be sent to another process"):
        pickle.dumps(live)
