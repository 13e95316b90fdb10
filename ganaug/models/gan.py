"""The trained model: it samples, it is saved, it is loaded."""

import hashlib
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ganaug._version import __version__
from ganaug.core import checkpoint
from ganaug.core.classes import Classes
from ganaug.core.config import ResolvedConfig
from ganaug.core.errors import CheckpointError, PluginNotFoundError
from ganaug.core.history import CLOCK, History
from ganaug.core.provenance import Provenance, TransferReport
from ganaug.data.codec import Codec
from ganaug.data.kind import kind_named
from ganaug.models.networks import network_named
from ganaug.models.noise import truncated
from ganaug.models.synthesizer import Synthesizer


class ConditionalGAN(Synthesizer):
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

    @torch.no_grad()
    def encoded(self, c: np.ndarray, rng: np.random.Generator, truncation: float | None = None) -> np.ndarray:
        """Make encoded samples, ``(n, *sample_shape)`` float32, of the conditions ``c (n,)``, int64, in one piece."""
        device = next(self.generator_ema.parameters()).device
        z = rng.standard_normal((len(c), self.latent_dim), dtype=np.float32)
        if truncation is not None:
            latent = z[:, : self.config.latent_dim]  # the rest draws categories
            latent[:] = truncated(latent, truncation)
        return self.generator_ema(torch.from_numpy(z).to(device), torch.tensor(c, device=device)).float().cpu().numpy()

    def digest(self) -> str:
        """Return the SHA-256 digest of the generator that is sampled, saved or not."""
        digest = hashlib.sha256()
        for name, tensor in sorted(self.generator_ema.state_dict().items()):
            digest.update(f"{name} {tuple(tensor.shape)}".encode())
            digest.update(tensor.cpu().numpy().tobytes())
        return digest.hexdigest()

    @contextmanager
    def on_device(self, name: str) -> Iterator[None]:
        """Sample on a device inside the block; afterwards the generator is back on the CPU."""
        try:
            self.generator_ema.to(name)
            yield
        finally:
            self.generator_ema.to("cpu")

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
            "synthesizer": "gan",
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
                "ganaug": __version__,
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
            codec = kind_named(schema["kind"]).codec.from_json(schema, header["codec"])
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
        """Networks travel as plain arrays: their modules cannot be pickled, nor tensors dumped by skops."""
        return {name: value for name, value in vars(self).items() if name not in _PARTS} | {_ARRAYS: self.arrays()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        ConditionalGAN.__init__(self, state["codec"], state["classes"], state["config"])
        self.fill(state[_ARRAYS], "this state")
        vars(self).update({name: value for name, value in state.items() if name != _ARRAYS})

    def __repr__(self) -> str:
        classes = ", ".join(
            f"{label}: {n}" for label, n in zip(self.classes_.tolist(), self.classes.counts, strict=True)
        )
        return f"ConditionalGAN({self.codec.schema.describe()}; classes {{{classes}}}; {self.step} steps)"


_ARRAYS = "arrays"
_PARTS = ("generator_ema", "generator", "discriminator")
