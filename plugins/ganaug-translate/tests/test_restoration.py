import ganaug
import numpy as np
import pytest
import torch
from ganaug.core.errors import ConfigError, SchemaError, TransferError
from ganaug.models.noise import Noise
from ganaug.training.callbacks import Callback
from scipy.ndimage import gaussian_filter

from ganaug_translate import Restorer, train_restorer
from ganaug_translate.config import RestorationConfig
from ganaug_translate.degrade import blur, degrade, draw_holes, reduce
from ganaug_translate.restoration import build_restorer
from ganaug_translate.tiles import by_tiles
from ganaug_translate.training import cut_pieces

TASKS = ["superres", "denoise", "deblur", "inpaint"]
SMALL = {"width": 8, "n_blocks": 1, "max_steps": 2, "random_state": 0}


@pytest.fixture(scope="session")
def images(digits):
    return digits[0][:60].repeat(2, axis=1).repeat(2, axis=2)


@pytest.fixture(scope="session")
def enlarger(images):
    return train_restorer(images, task="superres", **SMALL)


def test_what_is_reduced_and_blurred_is_what_the_words_say():
    x = torch.rand(2, 3, 24, 20) * 2 - 1
    assert reduce(x, 2).shape == (2, 3, 12, 10)
    assert torch.allclose(reduce(torch.full((1, 1, 8, 8), 0.3), 4), torch.full((1, 1, 2, 2), 0.3), atol=1e-6)
    expected = gaussian_filter(x.numpy(), (0, 0, 1.5, 1.5), mode="mirror", radius=5)
    assert np.allclose(blur(x, 1.5).numpy(), expected, atol=1e-3)


def test_noise_has_the_standard_deviation_that_is_asked_for():
    config = RestorationConfig(network="denoise", sigma=25)
    x = torch.zeros(4, 1, 64, 64)
    assert float(degrade(x, config, Noise("cpu", 0)).std()) * 127.5 == pytest.approx(25, rel=0.03)


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_holes_hide_about_the_share_that_is_asked_for(share):
    holes = draw_holes(torch.zeros(800, 1, 32, 32), share, Noise("cpu", 0))
    assert holes.shape == (800, 1, 32, 32) and set(holes.unique().tolist()) == {0, 1}
    assert share * 0.75 < float(holes.mean()) < share * 1.05  # holes overlap
    assert (holes.flatten(1).sum(1) > 0).all()
    x = torch.rand(4, 1, 16, 16)
    spoilt = degrade(x, RestorationConfig(network="inpaint"), Noise("cpu", 0))
    assert spoilt.shape == (4, 2, 16, 16)
    assert torch.equal(spoilt[:, :1], x * (1 - spoilt[:, 1:]))


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("shape", [(1, 1, 19, 30), (2, 3, 8, 8)])
def test_an_untrained_network_gives_what_went_in(task, shape):
    """So training begins at bicubic enlargement, or at the image itself."""
    config = RestorationConfig(network=task, width=8, n_blocks=1)
    x = torch.rand(shape) * 2 - 1
    given = torch.cat([x, torch.zeros_like(x[:, :1])], 1) if task == "inpaint" else x
    made = build_restorer(shape[1], config)(given)
    if task == "superres":
        x = torch.nn.functional.interpolate(x, scale_factor=2, mode="bicubic", align_corners=False)
    assert torch.allclose(made, x, atol=1e-6)


@pytest.mark.parametrize("scale", [1, 2])
def test_tiles_meet_without_a_seam(scale):
    config = RestorationConfig(network="superres" if scale == 2 else "deblur", width=8, n_blocks=1, depth=1)
    network = build_restorer(1, config)
    with torch.no_grad():
        torch.nn.init.normal_(network.out.weight, std=0.1, generator=torch.Generator().manual_seed(0))
        x = torch.rand(1, 1, 150, 101)
        whole, pieces = network(x), by_tiles(network, x, scale, tile=64)
    assert whole.shape == pieces.shape == (1, 1, 150 * scale, 101 * scale)
    assert torch.allclose(whole, pieces, atol=1e-5)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("weight", [0.0, 0.01])
def test_every_task_is_learnt_saved_and_loaded(images, task, weight, tmp_path):
    restorer = train_restorer(images, task=task, adversarial_weight=weight, **SMALL)
    masks = {"masks": np.eye(16) * np.ones((4, 1, 1))} if task == "inpaint" else {}
    made = restorer.apply(images[:4], **masks)
    side = 32 if task == "superres" else 16
    assert made.shape == (4, side, side) and made.dtype == np.uint8
    restorer.save(tmp_path / "r.safetensors", licence="BSD")
    loaded = ganaug.load(tmp_path / "r.safetensors")
    assert isinstance(loaded, Restorer) and loaded.config.adversarial_weight == weight
    assert np.array_equal(loaded.apply(images[:4], **masks), made)


def test_channels_and_depth_stay(images):
    colour = np.stack([images] * 3, axis=-1)
    restorer = train_restorer(colour, task="denoise", **SMALL)
    assert restorer.apply(colour[:2]).shape == (2, 16, 16, 3)
    assert restorer.apply(np.moveaxis(colour[:2], -1, 1)).shape == (2, 3, 16, 16)
    several = restorer.apply([colour[0], colour[1, :9, :13]])
    assert [one.shape for one in several] == [(16, 16, 3), (9, 13, 3)]
    deep = restorer.apply(colour[:2].astype(np.uint16) * 257)
    assert deep.dtype == np.uint16
    assert np.abs(deep / 257 - restorer.apply(colour[:2])).max() < 1
    with pytest.raises(SchemaError, match="expected images of 3 channels"):
        restorer.apply(images[:2])


def test_hidden_pixels_alone_change_given_by_mask_or_by_colour(images):
    restorer = train_restorer(images, task="inpaint", **SMALL)
    spoilt = images[:3].copy()
    spoilt[:, 4:9, 5:11] = 251
    assert not (images[:3] == 251).any()
    by_mask = restorer.apply(spoilt, masks=spoilt == 251)
    assert np.array_equal(by_mask, restorer.apply(spoilt, colour=251))
    assert np.array_equal(by_mask[spoilt != 251], spoilt[spoilt != 251])
    assert not (by_mask == 251).any()
    with pytest.raises(ConfigError, match="needs masks, or a colour"):
        restorer.apply(spoilt)
    with pytest.raises(SchemaError, match="masks of shape"):
        restorer.apply(spoilt, masks=np.ones((3, 4, 4)))


def test_pieces_of_large_images_cover_them():
    large = np.arange(50 * 40).reshape(50, 40)
    pieces = cut_pieces([large, large.T], 16)
    assert pieces.shape[1:] == (16, 16)
    assert np.array_equal(np.unique(pieces), np.arange(50 * 40))
    with pytest.raises(SchemaError, match="not all images hold pieces of 16"):
        cut_pieces([large, large[:9]], 16)
    with pytest.raises(SchemaError, match="at least one image"):
        cut_pieces([], 16)


def test_an_interrupted_restorer_goes_on(images, tmp_path):
    settings = SMALL | {"task": "denoise", "max_steps": 4}
    whole = train_restorer(images, **settings)
    state = tmp_path / "s"

    class Stop(Callback):
        def on_step(self, trainer):
            if trainer.gan.step == 3:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_restorer(images, **settings, callbacks=[Stop(), ganaug.Snapshot(state, steps=2)])
    resumed = train_restorer(images, **settings, callbacks=[ganaug.Snapshot(state, steps=2, resume=True)])
    assert whole.digest() == resumed.digest()


def test_a_restorer_starts_from_one_of_another_domain(images, enlarger):
    tuned = train_restorer(images.repeat(2, axis=1), task="superres", pretrained=enlarger, max_steps=1, random_state=1)
    assert tuned.config.width == 8 and "0 new" in str(tuned.transfer)
    with pytest.raises(TransferError, match="is a restorer for 'superres'; got task='denoise'"):
        train_restorer(images, task="denoise", pretrained=enlarger)


def test_settings_that_make_no_sense_are_refused(images, enlarger):
    with pytest.raises(ConfigError, match="network = 'sharpen'"):
        train_restorer(images, task="sharpen")
    with pytest.raises(ConfigError, match="cannot become 4 times smaller"):
        train_restorer(images[:, :14], task="superres", scale=4)
    with pytest.raises(ConfigError, match="takes neither masks nor a colour"):
        enlarger.apply(images[:2], colour=0)


def test_a_restorer_learns_to_remove_noise():
    """Flat images of one grey each: what remains of the noise after averaging is a fraction."""
    rng = np.random.default_rng(0)
    clean = np.broadcast_to(rng.integers(60, 200, (80, 1, 1), dtype=np.uint8), (80, 16, 16)).copy()
    restorer = train_restorer(clean[:70], task="denoise", width=8, n_blocks=1, max_steps=150, random_state=0)
    noisy = (clean[70:] + rng.normal(0, 25, (10, 16, 16))).clip(0, 255).astype(np.uint8)
    before, after = (np.abs(images.astype(float) - clean[70:]).mean() for images in (noisy, restorer.apply(noisy)))
    assert after < before / 2
