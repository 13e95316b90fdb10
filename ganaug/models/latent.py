"""The latent space of a trained GAN: where real images lie in it, which ways lead through it, and what they change."""

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from ganaug.core.classes import Classes
from ganaug.core.errors import ConfigError
from ganaug.core.seeds import as_seed
from ganaug.data.codec import Codec

_STARTS = 512  # latents that the start of an inversion is the best of
_BATCH = 64  # samples that are inverted together
_STEP_SIZE = 0.05
_PRIOR = 1e-3  # weight of a latent's squared length beside the squared error, both as means over their numbers
_DRAWN = 2_000  # latents that principal components are taken of


class Model(Protocol):
    """What is asked of a model: a `ConditionalGAN` has it."""

    codec: Codec
    classes: Classes
    generator_ema: nn.Module

    @property
    def latent_dim(self) -> int:
        """Size of a latent."""
        ...


class Codes(NamedTuple):
    """Places in the latent space, and the classes that they are seen as.

    Attributes
    ----------
    z : ndarray of shape (n, latent_dim), float32
    c : ndarray of shape (n,), int64
        Positions of the classes in ``gan.classes_``.
    errors : ndarray of shape (n,) or None
        After `Latent.invert`: the root mean squared error of each reconstruction, in [0, 2] (encoded values span
        [-1, 1]).
    """

    z: np.ndarray
    c: np.ndarray
    errors: np.ndarray | None = None


class Latent:
    """The latent space of a GAN; ``gan.latent``.

    It is meant for images; rows of a table without categories work as well.

    Parameters
    ----------
    model : ConditionalGAN

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> digits = load_digits()
    >>> gan = ganaug.train(digits.images, digits.target, max_steps=5, random_state=0)
    >>> latent = gan.latent
    >>> codes = latent.invert(digits.images[:2], digits.target[:2], steps=5, random_state=0)
    >>> latent.decode(codes).shape
    (2, 8, 8)
    >>> ways = latent.directions(3)
    >>> latent.edit(digits.images[:2], ways[0], 1.5, codes=codes).shape
    (2, 8, 8)
    """

    def __init__(self, model: Model) -> None:
        self.model = model

    def invert(
        self,
        X: Any,
        y: Iterable[Any],
        *,
        steps: int = 300,
        truncation: float | None = None,
        random_state: Any = None,
    ) -> Codes:
        """Find latents whose samples are most like real ones.

        Each search starts at the best of 512 random latents and descends by Adam on the mean squared error, held near
        the origin by a weak prior.

        Parameters
        ----------
        X : as the training data
            Samples.
        y : iterable of shape (n_samples,)
            Their classes.
        steps : int, default=300
            Of the descent.
        truncation : float, optional
            Keep every number of a latent within ±`truncation`: more typical, less exact.
        random_state : int, RandomState, Generator or None, default=None
            Draws the starts.

        Returns
        -------
        Codes
            With their `errors`.
        """
        x = torch.from_numpy(self.model.codec.encode(X))
        c = torch.from_numpy(self.model.classes.index(y))
        if len(x) != len(c):
            raise ConfigError(f"expected a label for each of {len(x)} samples; got {len(c)}")
        random = torch.Generator().manual_seed(as_seed(random_state))
        starts = torch.randn(_STARTS, self.model.latent_dim, generator=random)
        parts = [
            self._descend(own, classes, self._nearest(own, classes, starts), steps, truncation)
            for own, classes in zip(x.split(_BATCH), c.split(_BATCH), strict=True)
        ]
        z = torch.cat(parts)
        errors = (self._generate(z, c) - x).square().flatten(1).mean(1).sqrt()
        return Codes(z.numpy(), c.numpy(), errors.numpy())

    def decode(self, codes: Codes) -> Any:
        """Return the samples at places of the latent space, in the container and dtype of the training data."""
        made = self._generate(torch.from_numpy(codes.z), torch.from_numpy(codes.c))
        return self.model.codec.decode(made.numpy(), np.random.default_rng(0))

    def interpolate(self, a: Codes, b: Codes, n: int = 8) -> Codes:
        """Return n places on the way from each of `a` to that of `b`, both ends included.

        The way is an arc (spherical interpolation, White 2016, arXiv:1609.04468): straight lines cross the middle,
        where no latent is. The class changes half way.

        Returns
        -------
        Codes
            Of ``len(a.z) * n`` places, those of the first pair first.
        """
        if a.z.shape != b.z.shape or n < 2:
            raise ConfigError(f"expected as many ends as beginnings and n >= 2; got {a.z.shape}, {b.z.shape}, n={n}")
        lengths = [np.linalg.norm(z, axis=1, keepdims=True).clip(1e-9) for z in (a.z, b.z)]
        cosine = (a.z / lengths[0] * b.z / lengths[1]).sum(1, keepdims=True)
        angle = np.arccos(cosine.clip(-1, 1)).clip(1e-4, np.pi - 1e-4)[:, None]  # (n, 1, 1)
        t = np.linspace(0, 1, n)[:, None]
        z = (np.sin((1 - t) * angle) * a.z[:, None] + np.sin(t * angle) * b.z[:, None]) / np.sin(angle)
        c = np.where(t[:, 0] >= 0.5, b.c[:, None], a.c[:, None])
        return Codes(z.reshape(-1, a.z.shape[1]).astype(np.float32), c.reshape(-1))

    @torch.no_grad()
    def directions(self, n: int = 8, method: Literal["sefa", "pca"] = "sefa") -> np.ndarray:
        """Return directions along which samples change most, the strongest first.

        Parameters
        ----------
        n : int, default=8
            At most `latent_dim`.
        method : {"sefa", "pca"}, default="sefa"
            ``"sefa"``: what the first layer amplifies most (Shen & Zhou 2021, arXiv:2007.06600). ``"pca"``: what moves
            its activations along their principal components (GANSpace, Härkönen et al. 2020, arXiv:2004.02546).

        Returns
        -------
        ndarray of shape (n, latent_dim), float32
            Of length 1, each with its largest number positive.
        """
        if not 1 <= n <= self.model.latent_dim:
            raise ConfigError(f"n must be in 1 … {self.model.latent_dim}; got {n}")
        if method == "sefa":
            found = torch.linalg.svd(self._first_layer().weight[:, : self.model.latent_dim], full_matrices=False)[2]
        elif method == "pca":
            found = self._principal(n)
        else:
            raise ConfigError(f"method must be 'sefa' or 'pca'; got {method!r}")
        found = nn.functional.normalize(found[:n], dim=1)
        largest = found.gather(1, found.abs().argmax(1, keepdim=True))
        return (found * largest.sign()).cpu().numpy()

    def edit(
        self,
        X: Any,
        direction: np.ndarray | None = None,
        strength: float = 1.0,
        *,
        y: Iterable[Any] | None = None,
        codes: Codes | None = None,
        to: Any = None,
        random_state: Any = None,
    ) -> Any:
        """Change real samples by what a step in the latent space changes: ``X + G(z + strength * direction) - G(z)``.

        What the GAN cannot draw stays in the image, since only the difference is added.

        Parameters
        ----------
        X : as the training data
        direction : ndarray of shape (latent_dim,), optional
            One of `directions`, or any other.
        strength : float, default=1.0
            In standard deviations of the latent.
        y : iterable, optional
            The classes of `X`; not needed with `codes`.
        codes : Codes, optional
            What `invert` found for `X`; by default it is asked.
        to : label, optional
            Show the samples as this class: the way from class to class.
        random_state : int, RandomState, Generator or None, default=None
            For `invert`.

        Returns
        -------
        X_edited : as the training data
        """
        if direction is None and to is None:
            raise ConfigError("give a direction, or a class to change to")
        if codes is None:
            if y is None:
                raise ConfigError("give y, the classes of X, or the codes that invert found")
            codes = self.invert(X, y, random_state=random_state)
        z, c = torch.from_numpy(codes.z), torch.from_numpy(codes.c)
        step = torch.zeros(z.shape[1]) if direction is None else torch.as_tensor(np.asarray(direction, np.float32))
        goal = c if to is None else torch.full_like(c, int(self.model.classes.index([to])[0]))
        change = self._generate(z + strength * step, goal) - self._generate(z, c)
        edited = (torch.from_numpy(self.model.codec.encode(X)) + change).clamp(-1, 1)
        return self.model.codec.decode(edited.numpy(), np.random.default_rng(0))

    @torch.no_grad()
    def _generate(self, z: Tensor, c: Tensor) -> Tensor:
        pairs = zip(z.split(_DRAWN), c.split(_DRAWN), strict=True)
        return torch.cat([self.model.generator_ema(*pair).float() for pair in pairs])

    def _nearest(self, x: Tensor, c: Tensor, starts: Tensor) -> Tensor:
        """Return for each sample the start whose sample of the same class is nearest."""
        chosen = torch.empty(len(x), starts.shape[1])
        for condition in c.unique():
            made = self._generate(starts, condition.expand(len(starts)))
            own = c == condition
            chosen[own] = starts[torch.cdist(x[own].flatten(1), made.flatten(1)).argmin(1)]
        return chosen

    def _descend(self, x: Tensor, c: Tensor, z: Tensor, steps: int, truncation: float | None) -> Tensor:
        z = z.clone().requires_grad_()
        optimizer = torch.optim.Adam([z], _STEP_SIZE)
        for _ in range(steps):
            error = (self.model.generator_ema(z, c) - x).square().flatten(1).mean(1)
            loss = (error + _PRIOR * z.square().mean(1)).sum()  # each sample's own: no other moves it
            (z.grad,) = torch.autograd.grad(loss, z)
            optimizer.step()
            if truncation is not None:
                with torch.no_grad():
                    z.clamp_(-truncation, truncation)
        return z.detach()

    def _layers(self) -> list[nn.Linear]:
        return [module for module in self.model.generator_ema.modules() if isinstance(module, nn.Linear)]

    def _first_layer(self) -> nn.Linear:
        """Return the layer that reads the latent, by convention as the first of its inputs."""
        layers = [layer for layer in self._layers() if layer.in_features >= self.model.latent_dim]
        if not layers:
            raise ConfigError("this generator has no linear layer that reads the latent")
        return layers[0]

    def _principal(self, n: int) -> Tensor:
        """Return what to add to a latent to move the activations after the first layer along their components."""
        after = self._layers()[self._layers().index(self._first_layer()) + 1 :]
        if not after:
            raise ConfigError("method='pca' needs two linear layers; this generator has one: use 'sefa'")
        seen: list[Tensor] = []
        hook = after[0].register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
        random = torch.Generator().manual_seed(0)
        z = torch.randn(_DRAWN, self.model.latent_dim, generator=random)
        try:
            self._generate(z, torch.randint(len(self.model.classes), (_DRAWN,), generator=random))
        finally:
            hook.remove()
        activations = torch.cat(seen)
        components = torch.linalg.svd(activations - activations.mean(0), full_matrices=False)[2][:n]
        coordinates = (activations - activations.mean(0)) @ components.T
        coordinates = coordinates / coordinates.std(0).clamp_min(1e-9)
        return torch.linalg.lstsq(coordinates, z).solution  # (n, latent_dim)
