"""What every model of networks that were trained has in common: it is saved, loaded, pickled and moved in one way."""

import hashlib
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import nn

from ganaug._version import __version__
from ganaug.core import checkpoint
from ganaug.core.classes import Classes
from ganaug.core.config import Settings
from ganaug.core.errors import CheckpointError, PluginNotFoundError
from ganaug.core.history import CLOCK, History
from ganaug.core.provenance import Parent, Provenance, TransferReport
from ganaug.data.codec import Codec
from ganaug.data.kind import kind_named

_ARRAYS = "arrays"  # of a pickled model


class TrainedModel:
    """Networks, what they were trained on and with, and how that went.

    A subclass says under which `name` in the entry-point group ``ganaug.synthesizers`` its checkpoints are found, the
    `parts` that are networks, and which class its `config` is of; it builds the networks in ``__init__``, which takes
    codec, classes, config and a seed, with `build`.

    Attributes
    ----------
    codec : Codec
        User data ↔ tensors.
    classes : Classes
        Labels and their training counts.
    config : Settings
        Resolved settings (no ``"auto"``).
    history : History
        What happened in training.
    step : int
        Generator steps that were trained.
    transfer : TransferReport or None
        What it took over from another model, if it was fine-tuned.
    provenance : Provenance
        What was said about the training data, and the model that it was fine-tuned from.
    sha256 : str or None
        Digest of the checkpoint that it was loaded from, or saved to last.

    Examples
    --------
    >>> from ganaug import ConditionalGAN
    >>> issubclass(ConditionalGAN, TrainedModel), ConditionalGAN.name
    (True, 'gan')
    """

    name: ClassVar[str]
    config_class: ClassVar[type[Settings]]
    parts: ClassVar[tuple[str, ...]] = ("generator_ema", "generator", "discriminator")

    generator_ema: nn.Module
    generator: nn.Module
    discriminator: nn.Module

    def __init__(self, codec: Codec, classes: Classes, config: Any) -> None:
        self.codec = codec
        self.classes = classes
        self.config = config
        self.history = History()
        self.step = 0
        self.transfer: TransferReport | None = None
        self.provenance = Provenance()
        self.sha256: str | None = None

    def digest(self) -> str:
        """Return the SHA-256 digest of the generator that is used, saved or not."""
        digest = hashlib.sha256()
        for name, tensor in sorted(self.generator_ema.state_dict().items()):
            digest.update(f"{name} {tuple(tensor.shape)}".encode())
            digest.update(tensor.cpu().numpy().tobytes())
        return digest.hexdigest()

    @contextmanager
    def on_device(self, name: str) -> Iterator[None]:
        """Work on a device inside the block; afterwards the generator is back on the CPU."""
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
            "synthesizer": self.name,
            "schema": self.codec.schema.model_dump(),
            "codec": self.codec.to_json(),
            "classes": self.classes.to_json(),
            "target": self.classes.target,
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

    def as_parent(self) -> Parent:
        """Return what a model that is fine-tuned from this one says of it."""
        counts = dict(zip(map(str, self.classes.labels.tolist()), self.classes.counts, strict=True))
        described = self.codec.schema.describe()
        return Parent(sha256=self.sha256, described=described, classes=counts, provenance=self.provenance)

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
            f"{part}.{name}": tensor for part in self.parts for name, tensor in getattr(self, part).state_dict().items()
        }

    @classmethod
    def load(cls, path: str | Path) -> Self:
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
            classes = Classes.from_json(header["classes"], header["target"])
            model: Any = cls(codec, classes, cls.config_class(**header["config"]))
            model.step, model.history, model.sha256 = header["step"], History(header["history"]), header["sha256"]
            if header.get("transfer") is not None:
                model.transfer = TransferReport(**header["transfer"])
            model.provenance = Provenance(**header.get("provenance", {}))
        except PluginNotFoundError:
            raise
        except Exception as error:  # a header can say anything, and ask for anything
            raise CheckpointError(f"{path} cannot be used: its header does not describe a model ({error})") from error
        model.fill(arrays, path)
        return model

    def __getstate__(self) -> dict[str, Any]:
        """Networks travel as plain arrays: their modules cannot be pickled, nor tensors dumped by skops."""
        return {name: value for name, value in vars(self).items() if name not in self.parts} | {_ARRAYS: self.arrays()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        type(self).__init__(self, state["codec"], state["classes"], state["config"])
        self.fill(state[_ARRAYS], "this state")
        vars(self).update({name: value for name, value in state.items() if name != _ARRAYS})
