"""Images per second of a training step, against a plain float32 loop with the same networks.

The plain loop is what one would write first: float32, fresh fake samples for G, the penalty on every step, images in
memory order of the data. Both train on random images; the two take turns, and medians are compared.

``--alone`` leaves it out, and says what a training with default settings takes at each size.
"""

import argparse
import resource
import time

import numpy as np
import torch
from torch.nn import functional as F

import ganaug
from ganaug.core.config import ResolvedConfig, TrainConfig
from ganaug.data.encoded import encode
from ganaug.models.gan import ConditionalGAN
from ganaug.training.callbacks import Callback
from ganaug.training.defaults import resolve
from ganaug.training.trainer import Trainer


class Stopwatch(Callback):
    """Ends training after so many steps, and takes the CPU's time of them."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def on_train_start(self, trainer: Trainer) -> None:
        """Start."""
        self.seconds = -time.process_time()

    def on_step(self, trainer: Trainer) -> None:
        """Stop."""
        if trainer.gan.step == self.steps:
            self.seconds += time.process_time()
            trainer.stop_reason = "enough"


def ours(gan: ConditionalGAN, data, steps: int) -> float:
    """Return seconds of CPU for so many steps of the product's loop, those of its history included."""
    watch = Stopwatch(steps)
    Trainer(gan, data, 0, [watch]).fit()
    return watch.seconds / steps


def plain(gan: ConditionalGAN, data, steps: int) -> float:
    """Return the same for the plain loop."""
    G, D, E = gan.generator, gan.discriminator, gan.generator_ema
    batch, rng = gan.config.batch_size, torch.Generator().manual_seed(0)
    optimizers = [torch.optim.Adam(network.parameters(), 1e-3, (0.0, 0.99)) for network in (G, D)]
    x, labels = torch.from_numpy(data.floats()), torch.from_numpy(data.c)
    start = time.process_time()
    for _ in range(steps):
        chosen = torch.randint(len(data.c), (batch,), generator=rng)
        real, c = x[chosen].requires_grad_(), labels[chosen]
        fake = G(torch.randn(batch, gan.latent_dim, generator=rng), c).detach().requires_grad_()
        d_real, d_fake = D(real, c), D(fake, c)
        gradients = [torch.autograd.grad(d.sum(), x, create_graph=True)[0] for d, x in ((d_real, real), (d_fake, fake))]
        penalty = sum(gradient.flatten(1).square().sum(1).mean() for gradient in gradients) / 2
        step(F.softplus(d_fake - d_real).mean() + penalty, optimizers[1])
        fake = G(torch.randn(batch, gan.latent_dim, generator=rng), c)
        step(F.softplus(D(real.detach(), c) - D(fake, c)).mean(), optimizers[0])
        with torch.no_grad():
            for average, weight in zip(E.parameters(), G.parameters(), strict=True):
                average.lerp_(weight, 0.001)
    return (time.process_time() - start) / steps


def step(loss: torch.Tensor, optimizer: torch.optim.Optimizer) -> None:
    """Descend."""
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


ALONE = "width  depth  steps  ms a step  minutes of training  resident MB so far"


def alone(config: ResolvedConfig, seconds: float) -> str:
    """Return what the settings are that suit a size, and what they take."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (
        f"{config.width:5}  {config.depth:5}  {config.max_steps:5}  {1000 * seconds:9.0f}  "
        f"{config.max_steps * seconds / 60:19.1f}  {peak:18,.0f}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=100, help="per turn")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--sizes", default="8,28,32x3,64x3", help="sides, x3 for colour")
    parser.add_argument("--alone", action="store_true", help="without the plain loop")
    args = parser.parse_args()
    torch.set_num_threads(1)
    print(f"ganaug {ganaug.__version__}, torch {torch.__version__}, one thread\n")
    print("size     ", ALONE if args.alone else " images/s  plain  ratio of medians  precision")
    for size in args.sizes.split(","):
        side, _, channels = size.partition("x")
        shape = (256, int(side), int(side), *([int(channels)] if channels else []))
        rng = np.random.default_rng(0)
        data = encode(rng.integers(0, 256, shape, dtype=np.uint8), rng.integers(10, size=256))
        config = resolve(TrainConfig(device="cpu"), data.codec, data.classes)
        times = {ours: []} if args.alone else {ours: [], plain: []}
        for _ in range(args.turns):
            for loop, found in times.items():
                found.append(loop(ConditionalGAN(data.codec, data.classes, config, 0), data, args.steps))
        each = [np.median(found) for found in times.values()]
        if args.alone:
            print(f"{size:9}", alone(config, each[0]))
            continue
        mine, theirs = (config.batch_size / seconds for seconds in each)
        print(f"{size:8}  {mine:8.0f}  {theirs:5.0f}  {mine / theirs:16.2f}  {config.precision}")


if __name__ == "__main__":
    main()
