import pytest
import torch

from ganaug.data.batches import BalancedBatches

COUNTS = [1, 9, 90]


def batches(seed=0, batch_size=100, counts=COUNTS):
    c = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    shuffled = torch.randperm(len(c), generator=torch.Generator().manual_seed(9))
    x = torch.arange(len(c), dtype=torch.float32)[:, None]
    return BalancedBatches(x[shuffled], c[shuffled], batch_size, torch.Generator().manual_seed(seed)), x, c


def test_every_class_is_equally_likely_whatever_its_share():
    drawn, _, _ = batches()
    seen = torch.cat([next(drawn)[1] for _ in range(300)])
    shares = torch.bincount(seen, minlength=3) / len(seen)
    assert torch.allclose(shares, torch.full((3,), 1 / 3), atol=0.01)


def test_focus_draws_rare_classes_more_often():
    c = torch.repeat_interleave(torch.arange(2), torch.tensor([100, 4]))
    drawn = BalancedBatches(c[:, None], c, 100, torch.Generator().manual_seed(0), focus=0.5)
    seen = torch.cat([next(drawn)[1] for _ in range(300)])
    assert abs(seen.float().mean() - 5 / 6) < 0.01  # 1 / sqrt(4) against 1 / sqrt(100)


def test_every_sample_of_a_class_is_equally_likely():
    drawn, x, c = batches()
    seen = torch.cat([next(drawn)[0][:, 0] for _ in range(300)]).long()
    counts = torch.bincount(seen, minlength=len(x)).float()
    assert (counts > 0).all()
    for k, n in enumerate(COUNTS):
        expected = len(seen) / 3 / n
        assert torch.allclose(counts[c == k], torch.tensor(expected), atol=5 * expected**0.5 + 0.01 * expected)


def test_a_sample_keeps_its_class():
    drawn, _, c = batches()
    for _ in range(100):
        x, condition = next(drawn)
        assert torch.equal(c[x[:, 0].long()], condition)


def test_batches_have_their_size_and_do_not_end():
    drawn, _, _ = batches(batch_size=7)
    for _ in range(200):
        x, c = next(drawn)
        assert x.shape == (7, 1)
        assert c.shape == (7,)


def test_a_batch_may_be_larger_than_the_data():
    drawn, _, _ = batches(batch_size=500, counts=[2, 3])
    x, _ = next(drawn)
    assert set(x[:, 0].long().tolist()) == set(range(5))


@pytest.mark.parametrize("n", [1, 150])
def test_the_generator_decides(n):
    first, second, third = (batches(seed)[0] for seed in (3, 3, 4))
    for _ in range(n):
        a, b, c = next(first)[0], next(second)[0], next(third)[0]
    assert torch.equal(a, b)
    assert not torch.equal(a, c)


def test_consecutive_batches_differ():
    drawn, _, _ = batches()
    assert not torch.equal(next(drawn)[0], next(drawn)[0])


def test_global_randomness_is_left_alone():
    drawn, _, _ = batches()
    before = torch.get_rng_state()
    next(drawn)
    assert torch.equal(before, torch.get_rng_state())


def test_images_are_drawn_whole():
    images = torch.arange(4.0).view(4, 1, 1, 1).expand(4, 1, 8, 8)
    drawn = BalancedBatches(images, torch.tensor([0, 0, 1, 1]), 16, torch.Generator().manual_seed(0))
    x, c = next(drawn)
    assert x.shape == (16, 1, 8, 8)
    assert (x == x[:, :, :1, :1]).all()
    assert torch.equal((x[:, 0, 0, 0] >= 2).long(), c)


def test_samples_of_a_class_come_in_the_order_of_the_data():
    c = torch.tensor([1, 0, 1, 2, 1])
    drawn = BalancedBatches(torch.arange(5)[:, None], c, 2, torch.Generator())
    assert drawn.of_class(1).flatten().tolist() == [0, 2, 4]
    assert drawn.of_class(1, 2).flatten().tolist() == [0, 2]
    assert drawn.of_class(0, 9).flatten().tolist() == [1]


def test_samples_of_a_class_are_picked_by_their_place_in_it():
    drawn, _, _ = batches(counts=[2, 4])
    own = drawn.of_class(1)
    assert torch.equal(drawn.pick(1, torch.tensor([0.0, 0.25, 0.5, 0.99999994])), own[[0, 1, 2, 3]])
