"""The trained model: it samples, it is saved, it is loaded."""

import hashlib
import platform
from collections.abc import Iterable, Iterator, Mapping
from numbers import Real
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

import ganaug
from ganaug.core import checkpoint, registry
from ganaug.core.config import ResolvedConfig
from ganaug.core.errors import CheckpointError, ConfigError, PluginNotFoundError, SchemaError
from ganaug.core.history import CLOCK, History
from ganaug.core.pool import Pool, write as write_pool
from ganaug.core.provenance import Provenance, TransferReport
from ganaug.core.randomness import as_seed
from ganaug.core.schema import Classes
from ganaug.data.codec import Codec, concatenate
from ganaug.models.noise import truncated

_CHUNK_NUMBERS = 2**19  # numbers in one encoded chunk: larger ones leave the cache, and cost a network memory
_CHUNK_SAMPLES = 16_384


class ConditionalGAN:
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
    history : History
        What happened in training.
    generator_ema, generator, discriminator : torch.nn.Module
        The averaged generator, which is sampled, and the two that were trained; on the CPU.
    step : int
        Generator steps that were trained.
    transfer : TransferReport or None
        What it took over from another model, if it was fine-tuned.
    provenance : Provenance
        What was said about the training data, and the model that it was fine-tuned from.
    sha256 : str or None
        Digest of the checkpoint that it was loaded from, or saved to last.
    """

    def __init__(self, codec: Codec, classes: Classes, config: ResolvedConfig, seed: int = 0) -> None:
        self.codec = codec
        self.classes = classes
        self.config = config
        self.history = History()
        self.step = 0
        self.transfer: TransferReport | None = None
        self.provenance = Provenance()
        self.sha256: str | None = None
        build = registry.lookup("networks", config.network)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            self.generator, self.discriminator = build(codec.sample_shape, codec.spans, len(classes), config)
            self.generator_ema, _ = build(codec.sample_shape, codec.spans, len(classes), config)
        self.generator_ema.load_state_dict(self.generator.state_dict())
        self.generator_ema.eval().requires_grad_(False)

    @property
    def classes_(self) -> np.ndarray:
        """Labels that can be asked for, sorted."""
        return self.classes.labels

    @property
    def latent_dim(self) -> int:
        """Size of ``z``: the configured latent plus the noise that draws categories."""
        return self.generator_ema.latent_dim

    def sample(
        self,
        n: int | None = None,
        *,
        label: Any = None,
        labels: Iterable[Any] | None = None,
        truncation: float | None = None,
        random_state: Any = None,
    ) -> Any:
        """Make new samples, in the container, dtypes and columns of the training data.

        Parameters
        ----------
        n : int, optional
            How many samples of `label`.
        label : object, optional
            One class; may be left out if the model knows only one.
        labels : iterable of shape (n_samples,), optional
            A class for each sample, instead of `n` and `label`.
        truncation : float, optional
            Draw latents from a normal distribution that is cut off at ±`truncation`, greater than 0: the smaller, the
            more typical and the more alike are the samples (Brock et al. 2019, arXiv:1809.11096). The same
            `random_state` gives samples that correspond to those of None, the default: the whole distribution. The
            noise that draws categories of a table is left alone.
        random_state : int, RandomState, Generator or None, default=None
            The same integer gives the same samples.

        Returns
        -------
        X : same type as the training data, of shape (n_samples, ...)

        Raises
        ------
        SchemaError
            If a class is unknown.
        ConfigError
            If `n` or `truncation` is not positive, or it is not clear what is asked for.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> gan = ganaug.train(*load_iris(return_X_y=True), max_steps=20, random_state=0)
        >>> gan.sample(5, label=1, random_state=0).shape
        (5, 4)
        """
        return concatenate(
            list(self.sample_iter(n, label=label, labels=labels, truncation=truncation, random_state=random_state))
        )

    def sample_iter(
        self,
        n: int | None = None,
        *,
        label: Any = None,
        labels: Iterable[Any] | None = None,
        truncation: float | None = None,
        random_state: Any = None,
    ) -> Iterator[Any]:
        """Make the same samples as `sample`, chunk by chunk, in memory that does not grow with `n`."""
        c = self._conditions(n, label, labels)
        if truncation is not None and not (isinstance(truncation, Real) and 0 < truncation < np.inf):
            raise ConfigError(f"truncation must be a positive number, or None; got {truncation!r}")
        rng = np.random.default_rng(as_seed(random_state))
        size = max(1, min(_CHUNK_SAMPLES, _CHUNK_NUMBERS // max(1, int(np.prod(self.codec.sample_shape)))))
        chunks = (c[i : i + size] for i in range(0, len(c), size))
        return (self.codec.decode(self.encoded(chunk, rng, truncation), rng) for chunk in chunks)

    def pool(
        self,
        n_per_class: int | Mapping[Any, int],
        path: str | Path,
        *,
        random_state: Any = None,
        overwrite: bool = False,
    ) -> Pool:
        """Write samples of each class to a file that data loaders read at random, in memory that does not grow with it.

        Parameters
        ----------
        n_per_class : int or dict
            How many of every class, or of those that are named.
        path : str or Path
            The file; missing parent folders are created.
        random_state : int, RandomState, Generator or None, default=None
            The same integer gives the same file. What a class gets does not depend on the others.
        overwrite : bool, default=False
            Whether an existing file may be replaced. Loaders that are reading it go on, with the new samples.

        Raises
        ------
        SchemaError
            If the model makes rows, or a class is unknown.
        ConfigError
            If a number is not positive.
        OutputError
            If the file exists and may not be replaced, or cannot be written.

        Examples
        --------
        >>> import tempfile
        >>> images = np.random.default_rng(0).integers(0, 256, (20, 8, 8), dtype=np.uint8)
        >>> gan = ganaug.train(images, np.arange(20) % 2, max_steps=2, random_state=0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     len(gan.pool(50, folder + "/digits.pool", random_state=0))
        100
        """
        if self.codec.schema.kind != "image":
            raise SchemaError(f"a pool holds images; this model makes a {self.codec.schema.describe()}: use gan.sample")
        if not isinstance(n_per_class, Mapping):
            n_per_class = dict.fromkeys(self.classes_.tolist(), n_per_class)
        counts = {int(c): n for c, n in zip(self.classes.index(n_per_class), n_per_class.values(), strict=True)}
        for n in [None] if not counts else counts.values():
            if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < 1:
                raise ConfigError(f"n_per_class must be a positive integer, or some for classes; got {n_per_class!r}")
        seed = as_seed(random_state)
        conditions = sorted(counts)
        classes = Classes(self.classes_[conditions], [counts[c] for c in conditions], self.classes.target)
        schema, codec = self.codec.schema, cast(Any, self.codec)
        described = {
            "shape": list(schema.shape),
            "scale": list(codec.scale),
            "whole": codec.whole,
            "dtype": schema.dtype,
            "seed": seed,
            "checkpoint_sha256": self.sha256,
        }
        chunks = (
            np.moveaxis(codec.to_uint8(chunk).reshape(-1, schema.height, schema.width, schema.channels), -1, 1)
            for c in conditions
            for chunk in self.sample_iter(
                counts[c],
                label=self.classes_[c],
                random_state=np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(c, 0))),
            )
        )
        return write_pool(Path(path), classes, chunks, described, overwrite=overwrite)

    @torch.no_grad()
    def encoded(self, c: np.ndarray, rng: np.random.Generator, truncation: float | None = None) -> np.ndarray:
        """Make encoded samples, ``(n, *sample_shape)`` float32, of the conditions ``c (n,)``, int64, in one piece."""
        device = next(self.generator_ema.parameters()).device
        z = rng.standard_normal((len(c), self.latent_dim), dtype=np.float32)
        if truncation is not None:
            latent = z[:, : self.config.latent_dim]  # the rest draws categories
            latent[:] = truncated(latent, truncation)
        return self.generator_ema(torch.from_numpy(z).to(device), torch.tensor(c, device=device)).float().cpu().numpy()

    def weights_digest(self) -> str:
        """Return the SHA-256 digest of the generator that is sampled, saved or not."""
        digest = hashlib.sha256()
        for name, tensor in sorted(self.generator_ema.state_dict().items()):
            digest.update(f"{name} {tuple(tensor.shape)}".encode())
            digest.update(tensor.cpu().numpy().tobytes())
        return digest.hexdigest()

    def _conditions(self, n: int | None, label: Any, labels: Iterable[Any] | None) -> np.ndarray:
        if labels is not None:
            if n is not None or label is not None:
                raise ConfigError("give either n and label, or labels; got both")
            c = self.classes.index(labels)
            if len(c) == 0:
                raise ConfigError("labels is empty; ask for at least one sample")
            return c
        if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < 1:
            raise ConfigError(f"n must be a positive integer; got {n!r}")
        if label is None and len(self.classes) > 1:
            raise ConfigError(f"say which class: label= one of {self.classes_.tolist()}")
        return np.broadcast_to(self.classes.index([self.classes_[0] if label is None else label]), n)

    def save(
        self,
        path: str | Path,
        *,
        overwrite: bool = False,
        data: str | None = None,
        licence: str | None = None,
        source: str | None = None,
    ) -> str:
        """Write one ``.safetensors`` checkpoint atomically and return its SHA-256 digest.

        The same training gives the same file: of the history, all is kept but the clock.

        Parameters
        ----------
        path : str or Path
            Where to; missing parent folders are created.
        overwrite : bool, default=False
            Whether an existing file may be replaced.
        data, licence, source : str, optional
            Name, terms of use and origin of the training data: kept in ``provenance``, shown by ``ganaug info``.

        Raises
        ------
        OutputError
            If the file exists and may not be replaced, or cannot be written; what stood there stays.
        SchemaError
            If classes or categories cannot be written as JSON.
        """
        said = {"data": data, "licence": licence, "source": source}
        provenance = self.provenance.model_copy(update={name: text for name, text in said.items() if text is not None})
        self.sha256 = checkpoint.write(Path(path), self.header(provenance), self.arrays(), overwrite=overwrite)
        self.provenance = provenance
        return self.sha256

    def header(self, provenance: Provenance | None = None) -> dict[str, Any]:
        """Return all of the model but its weights, as plain data; without what differs between equal trainings.

        Raises
        ------
        SchemaError
            If classes or categories cannot be written as JSON.
        """
        return {
            "schema": self.codec.schema.model_dump(),
            "codec": self.codec.to_json(),
            "classes": self.classes.to_json(),
            "target": self.classes.target,
            "network": self.config.network,
            "config": self.config.model_dump(),
            "step": self.step,
            "history": {name: column for name, column in self.history.to_dict().items() if name not in CLOCK},
            "transfer": None if self.transfer is None else self.transfer.to_json(),
            "provenance": (provenance or self.provenance).model_dump(),
            "versions": {
                "ganaug": ganaug.__version__,
                "torch": torch.__version__,
                "python": platform.python_version(),
            },
        }

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the weights of all networks by name."""
        return {name: tensor.cpu().numpy() for name, tensor in self._tensors().items()}

    def fill(self, arrays: Mapping[str, np.ndarray], path: str | Path) -> None:
        """Copy arrays, read from `path`, into the networks after comparing every name and shape.

        Raises
        ------
        CheckpointError
            If they do not fit; it says which.
        """
        wanted = self._tensors()
        given = {name for name in arrays if not name.startswith("run.")}  # the rest is for resuming
        problems = [f"missing {name}" for name in wanted.keys() - given]
        problems += [f"unexpected {name}" for name in given - wanted.keys()]
        problems += [
            f"{name} is {arrays[name].shape}, expected {tuple(wanted[name].shape)}"
            for name in wanted.keys() & given
            if arrays[name].shape != tuple(wanted[name].shape)
        ]
        if problems:
            raise CheckpointError(f"{path} does not fit the networks it describes: {'; '.join(sorted(problems))}")
        for name, tensor in wanted.items():
            tensor.copy_(torch.from_numpy(arrays[name]))

    def _tensors(self) -> dict[str, torch.Tensor]:
        return {
            f"{part}.{name}": tensor for part in _PARTS for name, tensor in getattr(self, part).state_dict().items()
        }

    @classmethod
    def load(cls, path: str | Path) -> "ConditionalGAN":
        """Load what `save` wrote.

        Raises
        ------
        CheckpointError
            If the file is missing, no checkpoint, truncated, damaged, of a newer format, or its weights do not fit
            the networks it describes. Nothing is ever unpickled.
        """
        header, arrays = checkpoint.read(Path(path))
        try:
            schema = header["schema"]
            codec = registry.lookup("codecs", schema["kind"]).from_json(schema, header["codec"])
            codec.decode(np.zeros((1, *codec.sample_shape), np.float32), np.random.default_rng(0))  # or fail here
            gan = cls(codec, Classes.from_json(header["classes"], header["target"]), ResolvedConfig(**header["config"]))
            gan.step, gan.history, gan.sha256 = header["step"], History(header["history"]), header["sha256"]
            if header.get("transfer") is not None:
                gan.transfer = TransferReport(**header["transfer"])
            gan.provenance = Provenance(**header.get("provenance", {}))
        except PluginNotFoundError:
            raise
        except Exception as error:  # a header can say anything, and ask for anything
            raise CheckpointError(f"{path} cannot be used: its header does not describe a model ({error})") from error
        gan.fill(arrays, path)
        return gan

    def __getstate__(self) -> dict[str, Any]:
        """Networks travel as weights: modules under spectral normalisation cannot be pickled."""
        return vars(self) | {part: getattr(self, part).state_dict() for part in _PARTS}

    def __setstate__(self, state: dict[str, Any]) -> None:
        ConditionalGAN.__init__(self, state["codec"], state["classes"], state["config"])
        for part in _PARTS:
            getattr(self, part).load_state_dict(state[part])
        vars(self).update({name: value for name, value in state.items() if name not in _PARTS})

    def __repr__(self) -> str:
        classes = ", ".join(
            f"{label}: {n}" for label, n in zip(self.classes_.tolist(), self.classes.counts, strict=True)
        )
        return f"ConditionalGAN({self.codec.schema.describe()}; classes {{{classes}}}; {self.step} steps)"


_PARTS = ("generator_ema", "generator", "discriminator")


def load(path: str | Path) -> ConditionalGAN:
    """Load a checkpoint that ``gan.save`` wrote; see `ConditionalGAN.load`."""
    return ConditionalGAN.load(path)
