import pytest

from ganaug.core.errors import PluginNotFoundError
from ganaug.core.registry import register, unregister
from ganaug.models.networks import Network, network_named


def test_built_in_networks_say_what_may_be_asked_of_them():
    assert network_named("conv").has_attention and network_named("resnet").has_class_norms
    assert network_named("mlp").has_projection and not network_named("mlp").has_attention


def test_a_plain_function_is_a_network_of_which_nothing_more_may_be_asked():
    def build(sample_shape, spans, n_classes, config):
        raise NotImplementedError

    register("networks", "plain", build)
    try:
        assert network_named("plain") == Network(build)
        assert network_named("plain").adapt_depth(3, (1, 8, 8), (1, 64, 64)) == 3
    finally:
        unregister("networks", "plain")


def test_unknown_names_are_answered():
    with pytest.raises(PluginNotFoundError, match="did you mean 'resnet'"):
        network_named("resnett")


@pytest.mark.parametrize(
    ("depth", "source", "target", "adapted"), [(2, 16, 16, 2), (2, 16, 64, 3), (3, 32, 8, 1), (1, 28, 56, 2)]
)
def test_a_network_of_images_for_another_size_is_as_small_at_the_bottom_as_is_usual(depth, source, target, adapted):
    assert network_named("conv").adapt_depth(depth, (1, source, source), (1, target, target)) == adapted
