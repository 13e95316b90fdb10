from torch import nn

from ganaug.models.layers import ClassEmbedding, normalised
from ganaug.models.layout import CLASS, ENTRY, FEATURE, Part, anatomy


class Declared(nn.Module):
    def __init__(self, normalise=False):
        super().__init__()
        self.first = normalised(nn.Linear(2, 3), normalise)
        self.block = nn.Sequential(nn.Linear(3, 3))
        self.classes = ClassEmbedding(4, 3)

    def anatomy(self):
        return {"first": Part("in", (FEATURE, ENTRY)), "block": Part("middle", level=1)}


def test_a_network_without_an_anatomy_goes_by_its_names():
    assert anatomy(nn.Sequential(nn.Linear(2, 3))) == {"0.weight": Part("0.weight"), "0.bias": Part("0.bias")}


def test_declared_parts_give_keys_and_axes_to_their_tensors():
    parts = anatomy(Declared())
    assert parts["first.weight"] == Part("in.weight", (FEATURE, ENTRY))
    assert parts["first.bias"] == Part("in.bias", (FEATURE,))
    assert parts["block.0.weight"] == Part("middle.0.weight", (), 1)
    assert parts["classes.weight"] == Part("classes.weight", (CLASS, FEATURE))


def test_spectral_normalisation_does_not_change_what_a_tensor_is():
    parts = anatomy(Declared(normalise=True))
    assert parts["first.parametrizations.weight.original"] == Part("in.weight", (FEATURE, ENTRY))
    assert len({part.key for part in parts.values()}) == len(parts)
