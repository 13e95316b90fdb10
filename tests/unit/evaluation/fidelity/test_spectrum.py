import numpy as np
import pytest

from ganaug.evaluation.fidelity.spectrum import octaves, spectrum
from ganaug.evaluation.samples import Samples


def pictures(images):
    n = len(images)
    return Samples(images, np.zeros(n, int), images.reshape(n, -1), None, ())


@pytest.mark.parametrize("shape", [(8, 8), (28, 28), (9, 14), (33, 17)])
def test_octaves_hold_every_wave_once(shape):
    images = np.random.default_rng(0).normal(size=(20, 2, *shape))
    height, width = shape
    power = (np.abs(np.fft.fft2(images)) ** 2).mean((0, 1)) / (height * width)
    frequencies = np.hypot(*np.meshgrid(np.fft.fftfreq(height), np.fft.fftfreq(width), indexing="ij"))
    found = octaves(images)
    assert [octave.shortest for octave in found] == [2.0**i for i in range(len(found))]
    assert found[-1].shortest < min(shape) <= 2 * found[-1].shortest
    for octave in found:
        inside = (frequencies > 0.5 / octave.shortest) & (frequencies <= 1 / octave.shortest)
        assert octave.power == pytest.approx(power[inside].mean())


def test_the_spectrum_shows_a_grid_and_blur_and_where():
    rng = np.random.default_rng(0)
    smooth = np.cumsum(np.cumsum(rng.normal(size=(300, 1, 16, 16)), 2), 3) / 20
    real, others = pictures(smooth[:150]), smooth[150:]
    grid = others.copy()
    grid[:, :, ::2, ::2] += 1
    blurred = (others + np.roll(others, 1, 2) + np.roll(others, 1, 3) + np.roll(others, (1, 1), (2, 3))) / 4
    scores = [spectrum(real, pictures(made)) for made in (others, grid, blurred)]
    worst = [found["power, octave farthest off"].value for found in scores]
    assert 0.5 < worst[0] < 2
    assert worst[1] == scores[1]["power, waves of 1 to 2 px"].value > 3
    assert worst[2] == scores[2]["power, waves of 1 to 2 px"].value < 0.3
    assert spectrum(real, real)["power, octave farthest off"].value == 1


def test_the_spectrum_of_images_without_any_detail_is_left_out():
    flat = pictures(np.ones((5, 1, 8, 8)))
    assert spectrum(flat, flat) == {}
