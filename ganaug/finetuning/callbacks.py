"""What fine-tuning adds to the steps of a training."""

from copy import deepcopy
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ganaug.core.errors import ConfigError
from ganaug.core.provenance import KEPT
from ganaug.models.gan import ConditionalGAN
from ganaug.models.layers import ClassEmbedding
from ganaug.models.layout import anatomy
from ganaug.training.callbacks import Callback, Run

_FISHER = 64  # samples that the Fisher information is estimated from


class FasterClasses(Callback):
    """Multiplies the generator's learning rate for what belongs to a class.

    New classes have everything to learn, what all classes share is learnt (docs/experiments/transfer.md).

    Parameters
    ----------
    factor : float
        Of the learning rate of all other weights.
    """

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def on_train_start(self, trainer: Run) -> None:
        """Split the optimizer's weights into shared ones and those of classes."""
        of_classes = {
            id(weight)
            for module in trainer.gan.generator.modules()
            if isinstance(module, ClassEmbedding)
            for weight in module.parameters()
        }
        optimizer = trainer.step.optimizers["g_optimizer"]
        (shared,) = optimizer.param_groups
        weights = shared["params"]
        shared["params"] = [weight for weight in weights if id(weight) not in of_classes]
        classes = [weight for weight in weights if id(weight) in of_classes]
        optimizer.add_param_group({"params": classes, "lr": self.factor * shared["lr"]})


class Anchor(Callback):
    """Pulls the generator towards the source's weights, those most that the source's samples depend on most.

    Elastic weight consolidation (Li et al. 2020, arXiv:2012.02780): the gradient of ``weight * F * (w - w_source)²``,
    with the diagonal Fisher information F, scaled to a mean of 1, of the source's discriminator's verdict.
    """

    def __init__(self, source: ConditionalGAN, target: ConditionalGAN, weight: float, seed: int) -> None:
        assert target.transfer is not None
        self.weight = weight
        statuses = target.transfer.tensors
        old, new = anatomy(source.generator), anatomy(target.generator)
        fisher = _fisher(source, seed)
        by_key = {old[name].key: values for name, values in fisher.items()}
        self._hooks: list[Any] = []
        self._pulled = [
            (parameter, weight * by_key[new[name].key] * 2, parameter.detach().clone())
            for name, parameter in target.generator.named_parameters()
            if statuses[f"generator.{name}"] == KEPT
        ]

    def on_train_start(self, trainer: Run) -> None:
        """Add the pull to every gradient of the generator."""
        self._hooks = [
            parameter.register_hook(_pull(parameter, strength.to(parameter), start.to(parameter)))
            for parameter, strength, start in self._pulled
        ]

    def state_dict(self) -> dict[str, Any]:
        """Return the strength: it may not change when a training is resumed."""
        return {"weight": self.weight}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Refuse another strength."""
        if state != self.state_dict():
            raise ConfigError(f"ewc_weight was {state.get('weight')} in the training to be resumed, now {self.weight}")

    def on_train_end(self, trainer: Run) -> None:
        """Let go."""
        for hook in self._hooks:
            hook.remove()


def _pull(parameter: Tensor, strength: Tensor, start: Tensor) -> Any:
    return lambda gradient: gradient + strength * (parameter.detach() - start)


def _fisher(source: ConditionalGAN, seed: int) -> dict[str, Tensor]:
    """Return the diagonal Fisher information of the source generator's weights, of mean 1."""
    generator, discriminator = (deepcopy(network).eval() for network in (source.generator, source.discriminator))
    random = torch.Generator().manual_seed(seed)
    weights = dict(generator.named_parameters())
    information = {name: torch.zeros_like(weight) for name, weight in weights.items()}
    for _ in range(_FISHER):
        z = torch.randn(1, source.latent_dim, generator=random)
        c = torch.randint(len(source.classes), (1,), generator=random)
        loss = F.softplus(-discriminator(generator(z, c), c)).sum()
        for name, gradient in zip(weights, torch.autograd.grad(loss, list(weights.values())), strict=True):
            information[name] += gradient.square()
    mean = sum(float(values.sum()) for values in information.values()) / sum(
        values.numel() for values in information.values()
    )
    return {name: values / (mean or 1.0) for name, values in information.items()}
