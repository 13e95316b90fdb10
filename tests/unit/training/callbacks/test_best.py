import pytest
import torch

import ganaug
from ganaug.training.callbacks import BestMoment, Callback


class Scripted(BestMoment):
    """Distances as they are given, one for each look."""

    def __init__(self, distances, **settings):
        super().__init__(every=1, **settings)
        self.script = list(distances)

    def distance(self, trainer):
        return self.script.pop(0)


class Weights(Callback):
    """What the averaged generator was, by step."""

    def __init__(self):
        self.by_step = {}

    def on_record(self, trainer):
        self.by_step[trainer.gan.step] = next(trainer.generator_ema.parameters()).detach().clone()


@pytest.mark.parametrize(
    ("distances", "settings", "step", "end"),
    [([3, 1, 2, 2], {}, 2, 4), ([3, 2, 1, 1], {}, 3, 4), ([1, 2, 3, 4], {"patience": 2}, 1, 3)],
)
def test_the_generator_of_the_smallest_distance_is_kept(iris, distances, settings, step, end):
    best, weights = Scripted(distances, **settings), Weights()
    gan = ganaug.train(*iris, max_steps=4, random_state=0, quality="oversampling", callbacks=[weights, best])
    assert (best.step, gan.step) == (step, end)
    assert best.distances == dict(enumerate(distances[:end], start=1))
    assert torch.equal(next(gan.generator_ema.parameters()), weights.by_step[step])


def test_what_it_knows_survives_an_interruption(iris):
    best = Scripted([3, 1, 2])
    ganaug.train(*iris, max_steps=3, random_state=0, callbacks=[best])
    again = Scripted([])
    again.load_state_dict(best.state_dict())
    again.load_tensors(best.tensors())
    assert (again.step, again.distances) == (2, {1: 3, 2: 1, 3: 2})
    assert all(torch.equal(tensor, again.tensors()[name]) for name, tensor in best.tensors().items())
