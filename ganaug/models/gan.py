"""The trained model of a class-conditional GAN: it samples; how it is saved and loaded is `TrainedModel`'s."""

from typing import Any

import numpy as np
import torch

from ganaug.core.classes import Classes
from ganaug.core.config import ResolvedConfig
from ganaug.core.provenance import Provenance
from ganaug.data.codec import Codec
from ganaug.models.latent import Latent
from ganaug.models.networks import network_named
from ganaug.models.noise import truncated
from ganaug.models.synthesizer import Synthesizer
from ganaug.models.trained import TrainedModel


class ConditionalGAN(TrainedModel, Synthesizer):
    """A generator that makes samples of the class you ask for; made by `ganaug.train` or `ganaug.load`.

    Parameters
    ----------
    codec : Codec
        User data ↔ tensors.
    classes : Classes
        Labels and their training counts.
    config : ResolvedConfig
        Resolved settings (no ``"auto"``).
    seed : int
        Seeds the weights; torch's global generators are left as they were.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels that can be asked for.
    generator_ema, generator, discriminator : torch.nn.Module
        The averaged generator, which is sampled, and the two that were trained; on the CPU.
    history, step, transfer, provenance, sha256
        As in `ganaug.models.trained.TrainedModel`.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> gan = ganaug.train(*load_iris(return_X_y=True), max_steps=5, random_state=0)
    >>> gan.classes_.tolist(), gan.step, gan.config.objective
    ([0, 1, 2], 5, 'relativistic')
    """

    name = "gan"
    config_class = ResolvedConfig

    def __init__(self, codec: Codec, classes: Classes, config: ResolvedConfig, seed: int = 0) -> None:
        super().__init__(codec, classes, config)
        build = network_named(config.network).build
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            self.generator, self.discriminator = build(codec.sample_shape, codec.spans, len(classes), config)
            self.generator_ema, _ = build(codec.sample_shape, codec.spans, len(classes), config)
        self.generator_ema.load_state_dict(self.generator.state_dict())
        self.generator_ema.eval().requires_grad_(False)

    @property
    def latent_dim(self) -> int:
        """Size of ``z``: the configured latent plus the noise that draws categories."""
        size: int = self.generator_ema.latent_dim  # type: ignore[assignment]
        return size

    @property
    def latent(self) -> Latent:
        """Its latent space: `Latent.invert`, `interpolate`, `directions` and `edit` of real images."""
        return Latent(self)

    @torch.no_grad()
    def encoded(self, c: np.ndarray, rng: np.random.Generator, truncation: float | None = None) -> np.ndarray:
        """Make encoded samples, ``(n, *sample_shape)`` float32, of the conditions ``c (n,)``, int64, in one piece."""
        device = next(self.generator_ema.parameters()).device
        z = rng.standard_normal((len(c), self.latent_dim), dtype=np.float32)
        if truncation is not None:
            latent = z[:, : self.config.latent_dim]  # the rest draws categories
            latent[:] = truncated(latent, truncation)
        return self.generator_ema(torch.from_numpy(z).to(device), torch.tensor(c, device=device)).float().cpu().numpy()

    def header(self, provenance: Provenance | None = None) -> dict[str, Any]:
        """Return all of the model but its weights; see `TrainedModel.header`."""
        return super().header(provenance) | {"network": self.config.network}

    def __repr__(self) -> str:
        classes = ", ".join(
            f"{label}: {n}" for label, n in zip(self.classes_.tolist(), self.classes.counts, strict=True)
        )
        return f"ConditionalGAN({self.codec.schema.describe()}; classes {{{classes}}}; {self.step} steps)"
