"""
A kind of data of your own
==========================

Rows and images are built in. Anything else that can be written as numbers is a ``Kind``: how it is recognised, encoded
and decoded. Training, over-sampling, checkpoints, ``ganaug synth`` and evaluation follow. This one learns directions of
the wind, in degrees, for which 359 and 1 are neighbours.
"""

import matplotlib.pyplot as plt
import numpy as np
from pydantic import BaseModel

import ganaug
from ganaug import GANOverSampler
from ganaug.core.registry import register
from ganaug.data.codec import Codec
from ganaug.data.kind import Kind


class DirectionSchema(BaseModel):
    kind: str = "direction"

    def describe(self):
        return "directions in degrees"


class DirectionCodec(Codec):
    """A direction is a point on the unit circle."""

    schema = DirectionSchema()
    sample_shape = (2,)

    @classmethod
    def fit(cls, X):
        return cls()

    def encode(self, X):
        angle = np.deg2rad(np.asarray(X, float))
        return np.concatenate([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)

    def decode(self, encoded, rng):
        return np.rad2deg(np.arctan2(encoded[:, 1:], encoded[:, :1])).astype(float) % 360

    def to_json(self):
        return {}

    @classmethod
    def from_json(cls, schema, state):
        return cls()


direction = Kind("direction", "directions", lambda X: False, DirectionCodec, network="mlp")
register("kinds", "direction", direction)

# %%
# Storms come from the north, which the number line would tear apart
# ------------------------------------------------------------------

rng = np.random.default_rng(0)
calm = np.where(rng.random(500) < 0.6, rng.normal(200, 25, 500), rng.normal(90, 20, 500)) % 360
storm = rng.normal(0, 15, 60) % 360
X, y = np.concatenate([calm, storm])[:, None], np.repeat(["calm", "storm"], [500, 60])

sampler = GANOverSampler(kind="direction", sources={"gan": 1.0}, max_steps=800, random_state=0)
X_all, y_all = sampler.fit_resample(X, y)
made = X_all[len(X) :, 0]
print(f"{len(made)} new storms; {np.mean((made < 45) | (made > 315)):.0%} from within 45 degrees of north")

figure, axes = plt.subplots(1, 2, figsize=(7, 3.4), subplot_kw={"projection": "polar"})
bins = np.linspace(0, 2 * np.pi, 37)
for ax, values, title in [(axes[0], storm, "60 real storms"), (axes[1], made, f"{len(made)} new ones")]:
    ax.hist(np.deg2rad(values), bins, density=True)
    ax.set_theta_zero_location("N")
    ax.set_theta_direction(-1)
    ax.set_yticks([])
    ax.set_title(title)

# %%
# A model of it is saved and loaded like any other
# ------------------------------------------------

import tempfile
from pathlib import Path

path = Path(tempfile.mkdtemp()) / "wind.safetensors"
sampler.gan_.save(path)
print(ganaug.load(path).sample(4, label="storm", random_state=0)[:, 0].round(1))
