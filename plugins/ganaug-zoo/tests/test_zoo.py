import ganaug
import numpy as np
import pytest
from ganaug.core.checkpoint import read_header
from ganaug.core.errors import PluginNotFoundError

from ganaug_zoo import names, path
from ganaug_zoo.build import MAX_BYTES, RECIPES, build


@pytest.mark.parametrize("name", names())
def test_a_model_is_small_and_says_what_it_learnt_from(name):
    assert path(name).stat().st_size <= MAX_BYTES
    said = read_header(path(name))["provenance"]
    recipe = RECIPES[name]
    assert (said["data"], said["licence"], said["source"]) == (recipe.data, recipe.licence, recipe.source)


def test_every_model_has_a_recipe():
    assert set(names()) <= RECIPES.keys() and len(names()) >= 2


@pytest.mark.parametrize("name", names())
def test_a_model_starts_another_one_by_its_name(name):
    images = np.random.default_rng(0).integers(0, 256, (24, 12, 12), dtype=np.uint8)
    gan = ganaug.finetune(f"zoo:{name}", images, np.repeat(["a", "b"], 12), max_steps=2, random_state=0)
    assert gan.provenance.parent.provenance.licence == RECIPES[name].licence
    assert gan.sample(2, label="a", random_state=0).shape == (2, 12, 12)


def test_the_over_sampler_takes_a_name():
    images = np.random.default_rng(0).integers(0, 256, (30, 8, 8), dtype=np.uint8)
    sampler = ganaug.GANOverSampler(pretrained=f"zoo:{names()[0]}", sources={"gan": 1.0}, max_steps=2, random_state=0)
    X, y = sampler.fit_resample(images, np.repeat([0, 1], [20, 10]))
    assert len(X) == 40 and sampler.gan_.transfer is not None


def test_a_wrong_name_gets_a_hint():
    with pytest.raises(PluginNotFoundError, match=r"the zoo has no model 'digit'; did you mean 'digits'\?"):
        ganaug.load("zoo:digit")


def test_a_model_is_built_again_to_the_same_bytes(tmp_path):
    first = build("digits", None, tmp_path / "a", max_steps=3).read_bytes()
    assert build("digits", None, tmp_path / "b", max_steps=3).read_bytes() == first


def test_a_file_of_data_is_asked_for(tmp_path):
    with pytest.raises(SystemExit, match="--data"):
        build("strokes", None, tmp_path)
    images = np.random.default_rng(0).integers(0, 256, (20, 28, 28), dtype=np.uint8)
    np.savez(tmp_path / "x.npz", images=images, labels=np.arange(20) % 2, split=np.repeat([0, 1], 10))
    gan = ganaug.load(build("strokes", tmp_path / "x.npz", tmp_path, max_steps=1))
    assert sum(gan.classes.counts) == 10
