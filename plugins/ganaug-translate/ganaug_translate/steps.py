"""One optimisation step of CUT, FastCUT, CycleGAN and of restoration, for the training loop of ganaug."""

import math
from typing import Any

import torch
from ganaug.core import registry
from ganaug.data.batches import BalancedBatches
from ganaug.models.noise import Noise
from ganaug.training.distributed import World
from ganaug.training.step import NetworkStep, Outcome
from torch import Tensor
from torch.nn import functional as F

from ganaug_translate.augment import augment
from ganaug_translate.degrade import degrade
from ganaug_translate.losses import patch_nce, real_gradient_penalty
from ganaug_translate.restorer import Restorer
from ganaug_translate.translator import BACK, FORTH, Translator

_CYCLE = {FORTH: BACK, BACK: FORTH}
_PROBES = 8  # images of a class that those who watch see


class PatchStep(NetworkStep):
    """What steps with a patch discriminator have in common: its loss."""

    def __init__(self, model: Any, device: torch.device, noise: Noise, world: World) -> None:
        super().__init__(model, device, noise, world)
        self.objective = registry.lookup("objectives", self.config.objective)()

    def discriminator_loss(self, discriminator: Any, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return D's loss with its penalty, and the logits of real and fake images, each ``(batch,)``."""
        penalised = self.config.penalty_weight > 0 and self.model.step % self.config.penalty_every == 0
        real = real.detach().requires_grad_(penalised)
        with self.autocast():
            real_logits, fake_logits = discriminator(torch.cat([real, fake.detach()])).chunk(2)
        loss = self.objective.discriminator_loss(real_logits, fake_logits)
        if penalised:
            penalty = real_gradient_penalty(real_logits, real)
            loss = loss + self.config.penalty_weight * self.config.penalty_every * penalty
        return loss, real_logits.detach().mean((1, 2)), fake_logits.detach().mean((1, 2))

    def accuracy(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Return the shares of real and of fake images that the discriminator tells right."""
        return self.objective.accuracy(real, fake)


class TranslationStep(PatchStep):
    """Draws images of both classes, and lets the discriminator judge; subclasses say how the generator is bound."""

    model: Translator

    def __init__(self, model: Translator, device: torch.device, noise: Noise, world: World) -> None:
        super().__init__(model, device, noise, world)
        self.n = self.config.batch_size // world.size
        self._colours = model.codec.sample_shape[0] > 1
        self._probes: list[Tensor] = []

    def __call__(self, batches: BalancedBatches, progress: float) -> Outcome:
        """Improve the discriminator of each direction, then the generators."""
        if not self._probes:
            self._probes = [batches.of_class(k, _PROBES) for k in range(2)]
        real = {  # what each direction ends in
            FORTH: batches.pick(self.config.target, self.noise.rand(self.n)),
            BACK: batches.pick(1 - self.config.target, self.noise.rand(self.n)),
        }
        with self.autocast():
            g_loss, fakes = self.bind(real)
        found = [
            self.discriminator_loss(
                self.discriminator[direction], self._seen(real[direction]), self._seen(fake.detach())
            )
            for direction, fake in fakes.items()
        ]
        d_loss = torch.stack([loss for loss, *_ in found]).sum()
        self.descend(d_loss, "d")
        with self.autocast():
            for way, fake in fakes.items():
                logits = self.discriminator[way](self._seen(fake))
                g_loss = g_loss + self.objective.generator_loss(logits, logits)
        self.descend(g_loss, "g")
        self.update_ema()
        return Outcome(torch.stack([d_loss.detach(), g_loss.detach()]), *found[0][1:])

    def bind(self, real: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """Translate; return the loss that binds output to input, and the translations by direction."""
        raise NotImplementedError

    def _seen(self, x: Tensor) -> Tensor:
        return augment(x, self.noise, colours=self._colours) if self.config.augment else x

    def sample(self, z: Tensor, c: Tensor) -> Tensor:
        """Return translations into each class, always of the same images; where none leads, these themselves."""
        made = [
            self.model.translate(self._probes[1 - k], self.model.direction_to(k))
            if self.model.leads_to(k)
            else self._probes[k]
            for k in range(2)
        ]
        return torch.cat([images.repeat(_PROBES, 1, 1, 1)[:_PROBES] for images in made])


class ContrastiveStep(TranslationStep):
    """CUT: patches of the output have to find the patches of the input that they are from; FastCUT: no identity."""

    def bind(self, real: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """Compare patches of input and output, and of targets with what becomes of them."""
        with_targets = self.config.identity_weight > 0 and self.model.step % self.config.identity_every == 0
        x = torch.cat([real[BACK], real[FORTH]]) if with_targets else real[BACK]
        made = self.generator[FORTH](x)
        again = self.generator[FORTH].features(made.images)
        positions = [self._positions(maps.shape[2] * maps.shape[3]) for maps in again]
        heads = self.generator["heads"]
        queries, keys = heads(again, positions), heads(made.features, positions)
        losses = patch_nce(queries, keys, self.config.temperature)  # (batch,)
        loss = self.config.nce_weight * losses[: self.n].mean()
        if with_targets:
            loss = loss + self.config.identity_weight * self.config.identity_every * losses[self.n :].mean()
        return loss, {FORTH: made.images[: self.n]}

    def _positions(self, n: int) -> Tensor:
        return torch.randperm(n, generator=self.noise, device=self.device)[: self.config.n_patches]


class CycleStep(TranslationStep):
    """CycleGAN (Zhu et al. 2017, arXiv:1703.10593): the way there and back again ends where it began."""

    def bind(self, real: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """Compare images with those that went there and back, and targets with what becomes of them."""
        loss, fakes = torch.zeros((), device=self.device), {}
        for direction, opposite in _CYCLE.items():
            source = real[opposite]
            fakes[direction] = made = self.generator[direction](source).images
            back = self.generator[opposite](made).images
            loss = loss + self.config.cycle_weight * F.l1_loss(back, source)
            if self.config.identity_weight:
                kept = self.generator[direction](real[direction]).images
                loss = loss + self.config.identity_weight * F.l1_loss(kept, real[direction])
        return loss, fakes


class RestorationStep(PatchStep):
    """Spoils images and learns to undo it: mean absolute error, and if wanted the judgement of a discriminator.

    The learning rate falls to 0 by half a cosine.
    """

    model: Restorer

    def __init__(self, model: Restorer, device: torch.device, noise: Noise, world: World) -> None:
        super().__init__(model, device, noise, world)
        self._probes = torch.empty(0)

    def __call__(self, batches: BalancedBatches, progress: float) -> Outcome:
        """Improve the discriminator, if there is one, and the restorer."""
        for name, optimizer in self.optimizers.items():
            full = self.config.learning_rate if name == "g_optimizer" else self.config.d_learning_rate
            optimizer.param_groups[0]["lr"] = full * (1 + math.cos(math.pi * progress)) / 2
        real = self._turned(next(batches)[0])
        spoilt = degrade(real, self.config, self.noise)
        if not len(self._probes):
            self._probes = degrade(batches.of_class(0, _PROBES), self.config, Noise(self.device, 0))
        with self.autocast():
            made = self.generator(spoilt)
        loss = F.l1_loss(made, real)
        d_loss, *logits = torch.zeros(1 + 2 * len(real), device=self.device).split([1, len(real), len(real)])
        if self.config.adversarial_weight:
            d_loss, *logits = self.discriminator_loss(self.discriminator, real, made)
            self.descend(d_loss, "d")
            with self.autocast():
                judged = self.discriminator(made)
            loss = loss + self.config.adversarial_weight * self.objective.generator_loss(judged, judged)
        self.descend(loss, "g")
        self.update_ema()
        return Outcome(torch.stack([d_loss.detach().squeeze(), loss.detach()]), *logits)

    def _turned(self, x: Tensor) -> Tensor:
        """Mirror images at random, and turn square batches by multiples of 90 degrees."""
        chance = float(self.noise.rand(1))
        x = x.flip(3) if chance < 0.5 else x
        return x.rot90(int(chance * 8) % 4, (2, 3)) if x.shape[2] == x.shape[3] else x

    def sample(self, z: Tensor, c: Tensor) -> Tensor:
        """Return restorations, always of the same images."""
        with torch.no_grad():
            return self.generator_ema(self._probes).repeat(_PROBES, 1, 1, 1)[: len(c)]


STEPS = {"cut": ContrastiveStep, "fastcut": ContrastiveStep, "cyclegan": CycleStep}
