"""What each of two processes runs: train together, then alone, and compare."""

import json
import os
import warnings

import numpy as np
import pandas as pd
import torch

import ganaug
from ganaug.core.config import TrainConfig
from ganaug.data.encoded import encode
from ganaug.training.defaults import resolve
from ganaug.training.distributed import World, joined
from ganaug.training.trainer import Trainer

OBJECTIVES = ["hinge", "lsgan", "relativistic", "vanilla", "wgan", "wgan-gp"]


def fitted(X, y, world, dtype, **settings):
    """Return a model trained in a precision, by one process or by all."""
    torch.set_default_dtype(dtype)
    data = encode(X, y)
    config = resolve(TrainConfig(device="cpu", precision="float32", **settings), data.codec, data.classes)
    gan = ganaug.ConditionalGAN(data.codec, data.classes, config, seed=0)
    numbers = np.float64 if dtype == torch.float64 else np.float32
    Trainer(gan, data._replace(x=data.floats().astype(numbers)), 0, world=world).fit()
    return gan


def compared(a, b):
    """Return the largest differences of weights and of history."""
    parts = [
        getattr(gan, part).state_dict() for part in ("generator", "discriminator", "generator_ema") for gan in (a, b)
    ]
    weights = max(
        float((first[name].double() - second[name].double()).abs().max())
        for first, second in zip(parts[::2], parts[1::2], strict=True)
        for name in first
    )
    columns = ("d_loss", "g_loss", "d_accuracy_real", "d_accuracy_fake", "diversity", "d_grad_norm")
    history = max(np.abs(np.subtract(a.history[name], b.history[name])).max() for name in columns)
    return {"weights": weights, "history": float(history)}


def refusal(**changes):
    """Return how a training together is refused."""
    X, y = np.arange(40.0).reshape(20, 2), np.arange(20) % 2
    try:
        ganaug.train(X + changes.pop("shift", 0) * X**2, y, max_steps=1, random_state=0, distributed=True, **changes)
    except ganaug.GANAugError as error:
        return f"{type(error).__name__}: {error}"


def main(environment, out):
    """Compare, and write the result on the first process."""
    os.environ.update(environment)
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [60, 30])
    rows = pd.DataFrame({"a": rng.normal(size=90) + y, "b": rng.integers(0, 200, 90), "k": rng.choice(list("xyz"), 90)})
    images = rng.integers(0, 60, (90, 8, 8)).astype(np.uint8) + (150 * y[:, None, None]).astype(np.uint8)
    kinds = {
        "rows": (rows, {"batch_size": 16, "width": 16, "penalty_every": 2, "max_steps": 8}),
        "images": (images, {"batch_size": 8, "width": 4, "attention": True, "max_steps": 3}),
    }
    found = {}
    with joined("cpu") as world:
        alone = World()
        for objective in OBJECTIVES:
            for kind, (X, own) in kinds.items():
                for dtype in (torch.float64, torch.float32) if objective in ("lsgan", "vanilla") else (torch.float64,):
                    settings = {"objective": objective, "instance_noise": 0.1, "mismatch_weight": 0.1, **own}
                    together = fitted(X, y, world, dtype, **settings)
                    if world.rank == 0:
                        name = f"{objective} {kind}" + (" float32" if dtype == torch.float32 else "")
                        found[name] = compared(together, fitted(X, y, alone, dtype, **settings))
        torch.set_default_dtype(torch.float32)
        unseeded = ganaug.train(rows, y, max_steps=2, distributed=True)
        first = torch.cat([weight.flatten() for weight in unseeded.generator.parameters()]).detach()
        found["unseeded"] = bool((world.gather(first[None]) == first).all())
        found["refused"] = {"odd batch": refusal(batch_size=15), "other data": refusal(shift=world.rank)}
        os.environ["WORLD_SIZE"] = "3"
        found["refused"]["wrong world"] = refusal()
    if world.rank == 0:
        out.write_text(json.dumps(found))
