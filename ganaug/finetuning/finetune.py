"""Fine-tuning: a trained model is the start of a model of other classes, sizes or columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ganaug.core.config import ResolvedConfig, TrainConfig, TransferConfig
from ganaug.core.errors import ConfigError, TransferError
from ganaug.core.provenance import ADAPTED, DROPPED, KEPT, NEW, Provenance, TransferReport
from ganaug.core.seeds import as_seed
from ganaug.data.encoded import Encoded, encode, refuse_constant, warn_of_single_samples
from ganaug.data.kind import Kind
from ganaug.finetuning.callbacks import Anchor, FasterClasses
from ganaug.finetuning.matching import match_axes, share_classes, weigh_classes
from ganaug.finetuning.weights import transplant
from ganaug.models.gan import ConditionalGAN
from ganaug.models.layers import ClassEmbedding
from ganaug.models.layout import CLASS, anatomy
from ganaug.models.networks import network_named
from ganaug.models.synthesizer import load
from ganaug.training.callbacks import Callback, Watchdog
from ganaug.training.defaults import resolve
from ganaug.training.distributed import joined
from ganaug.training.held_out import spare
from ganaug.training.trainer import Trainer

_NETWORK = ("objective", "network", "width", "depth", "latent_dim", "attention", "spectral_norm")


def finetune(
    gan: ConditionalGAN | str | Path,
    X: Any,
    y: Any = None,
    *,
    kind: str | Kind = "auto",
    random_state: Any = None,
    callbacks: Sequence[Callback] = (),
    distributed: bool = False,
    method: str = "auto",
    embeddings: str = "auto",
    ewc_weight: float = 0.01,
    **settings: Any,
) -> ConditionalGAN:
    """Train a model of `X` and `y` that starts from another model, which stays as it is.

    The target may have other classes, another image size, other channels or other columns. What the two have in common
    is kept: classes of the same label, blocks of the same distance to full resolution, columns of the same name and
    kind, categories of the same level. ``str(gan.transfer)`` says what that was.

    The target's own codec is used: numbers are standardised by the target's mean and spread, so that a column starts
    with the source's shape at the target's location. In the generator of images, what belongs to classes learns four
    times as fast as what they share.

    Parameters
    ----------
    gan : ConditionalGAN, str or Path
        The source, or its checkpoint.
    X, y : as for `ganaug.train`
        The target.
    kind : str or Kind, default="auto"
        What the target is, as for `ganaug.train`.
    random_state : int, RandomState, Generator or None, default=None
        The same integer gives the same model, at the same number of threads.
    callbacks : sequence of Callback
        Called around the steps, after the built-in `Watchdog`.
    distributed : bool, default=False
        As in `ganaug.train`.
    method : {"auto", "full", "freeze-d", "scale-shift", "ewc"}, default="auto"
        What is trained. ``"full"``: everything. ``"freeze-d"``: all but the lower half of the discriminator's layers
        (Mo et al. 2020, arXiv:2002.10964). ``"scale-shift"``: of the generator only what belongs to classes, and what
        is not the source's (Noguchi & Harada 2019, arXiv:1904.01774); images only. ``"ewc"``: everything, but the
        generator is pulled towards the source where that matters to it (Li et al. 2020, arXiv:2012.02780). ``"auto"``:
        ``"full"``.
    embeddings : {"auto", "fresh", "mean", "mixture"}, default="auto"
        Where classes begin that the source does not have. ``"fresh"``: as in a new model. ``"mean"``: as the mean of
        the source's classes. ``"mixture"``: as a mixture of them, weighted by how likely the source's discriminator
        finds the target's samples in each. ``"auto"``: ``"fresh"``.
    ewc_weight : float, default=0.01
        Strength of the pull of ``"ewc"``.
    **settings
        Fields of `TrainConfig`. Those that make the network, and the objective, are the source's unless given;
        `max_steps` is half of what training from scratch would take, for rows a third.

    Returns
    -------
    ConditionalGAN
        With ``transfer``, a `TransferReport`.

    Raises
    ------
    TransferError
        If the source cannot be a start: rows for images, another network, nothing that fits.
    SchemaError, ConfigError, TrainingDivergedError
        As `ganaug.train`.
    CheckpointError
        If the source cannot be loaded.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> source = ganaug.train(X[y < 2], y[y < 2], max_steps=20, random_state=0)
    >>> gan = ganaug.finetune(source, X[y > 0], y[y > 0], max_steps=5, random_state=0)
    >>> gan.transfer.parts["classes"]
    {'kept': ['1'], 'new': ['2'], 'dropped': ['0']}
    """
    start = Finetune(gan, method, embeddings, ewc_weight)
    config = TrainConfig(**settings)
    data = encode(X, y, kind, config.quality)
    refuse_constant(data)
    warn_of_single_samples(data.classes)
    given = {name: getattr(config, name) for name in settings}
    return finetune_encoded(start, data, given, random_state=random_state, callbacks=callbacks, distributed=distributed)


@dataclass(frozen=True)
class Finetune:
    """A model to start from, and how; for ``GANOverSampler(pretrained=...)``. See `finetune` for the fields.

    Examples
    --------
    >>> Finetune("cells.safetensors", method="ewc").embeddings
    'auto'
    """

    source: ConditionalGAN | str | Path
    method: str = "auto"
    embeddings: str = "auto"
    ewc_weight: float = 0.01


def finetune_encoded(
    start: Finetune,
    data: Encoded,
    settings: dict[str, Any],
    *,
    random_state: Any = None,
    callbacks: Sequence[Callback] = (),
    distributed: bool = False,
) -> ConditionalGAN:
    """Fine-tune as `finetune` does, on encoded data; `settings` are validated fields of `TrainConfig`."""
    chosen = TransferConfig(method=start.method, embeddings=start.embeddings, ewc_weight=start.ewc_weight)
    source = start.source if isinstance(start.source, ConditionalGAN) else load(start.source)
    resolved = _resolve(source, data, settings)
    with joined(resolved.device, on=distributed) as world:
        seed = world.agree(as_seed(random_state))
        target = ConditionalGAN(data.codec, data.classes, resolved, seed)
        chosen = _chosen(chosen, target)
        target.transfer = adapt(source, target, data, chosen, seed)
        target.provenance = Provenance(parent=source.as_parent())
        own: list[Callback] = [FasterClasses(faster)] if (faster := data.kind.class_learning_rate) != 1 else []
        if chosen.method == "ewc":
            own.append(Anchor(source, target, chosen.ewc_weight, seed))
        _freeze(target, chosen.method)
        try:
            taught, judges = spare(data, resolved, seed, callbacks)
            Trainer(target, taught, seed, [Watchdog(), *own, *judges, *callbacks], world).fit()
        finally:
            for network in (target.generator, target.discriminator):
                network.requires_grad_(True)
    return target


def adapt(
    source: ConditionalGAN, target: ConditionalGAN, data: Encoded, config: TransferConfig, seed: int = 0
) -> TransferReport:
    """Copy into an untrained target what its source has for it, and say what that was.

    Raises
    ------
    TransferError
        If no tensor of the generator, or none of the discriminator, fits.
    """
    shared = share_classes(source.classes, target.classes)
    matches = match_axes(source.codec, target.codec, shared)
    if config.embeddings != "fresh" and not shared.any(1).all():
        rest = weigh_classes(source, target, data, matches, seed) if config.embeddings == "mixture" else shared + 1
        rest = rest / rest.sum(1, keepdim=True)
        matches[CLASS] = (torch.where(shared.any(1, keepdim=True), shared, rest),) * 2
    statuses: dict[str, str] = {}
    levels: dict[str, int | None] = {}
    for name in ("generator_ema", "generator", "discriminator"):
        old, new = getattr(source, name), getattr(target, name)
        found = transplant(old, new, matches)
        weights = {weight for weight, _ in new.named_parameters()}
        if all(status == NEW for tensor, status in found.items() if tensor in weights):
            raise TransferError(
                f"no weight of the source's {name} fits the target's ({source.codec.schema.describe()} and "
                f"{target.codec.schema.describe()}); train from scratch, or leave width and depth at 'auto'"
            )
        if name != "generator_ema":
            statuses |= {f"{name}.{tensor}": status for tensor, status in found.items()}
            state = new.state_dict()
            levels |= {
                f"{name}.{tensor}": part.level
                for tensor, part in anatomy(new).items()
                if CLASS not in part.axes and state[tensor].dim() > 1
            }
    return TransferReport(
        source=source.codec.schema.describe(),
        target=target.codec.schema.describe(),
        method=config.method,
        embeddings=config.embeddings,
        tensors=statuses,
        parameters=_parameters(target, statuses),
        parts=_parts(source, target, statuses, levels),
    )


def _resolve(source: ConditionalGAN, data: Encoded, settings: dict[str, Any]) -> ResolvedConfig:
    """Complete the settings that were given by the source's network, then by what suits the target."""
    kinds = [codec.schema.kind for codec in (source.codec, data.codec)]
    if kinds[0] != kinds[1]:
        raise TransferError(
            f"the source makes {source.codec.schema.describe()}; it cannot start a model of {data.kind.plural}"
        )
    given = {name: value for name, value in settings.items() if value != "auto"}
    own = source.config
    if given.get("network", own.network) != own.network:
        raise TransferError(f"the source's network is {own.network!r}; got network={given['network']!r}: leave it out")
    taken = {name: getattr(own, name) for name in _NETWORK}
    if given.get("objective", own.objective) != own.objective:
        del taken["spectral_norm"]
    shapes = source.codec.sample_shape, data.codec.sample_shape
    taken["depth"] = network_named(own.network).adapt_depth(own.depth, *shapes)
    resolved = resolve(TrainConfig(**taken | given), data.codec, data.classes)
    if "max_steps" in given:
        return resolved
    return resolved.model_copy(update={"max_steps": max(1, round(resolved.max_steps * data.kind.finetune_share))})


def _chosen(config: TransferConfig, target: ConditionalGAN) -> TransferConfig:
    """Replace ``"auto"``, and refuse what has no meaning for the target."""
    network = target.config.network
    if config.method == "scale-shift" and not network_named(network).has_class_norms:
        raise ConfigError(f"method 'scale-shift' needs scales and shifts of classes; network {network!r} has none")
    auto = {"method": "full", "embeddings": "fresh"}
    return config.model_copy(update={name: own for name, own in auto.items() if getattr(config, name) == "auto"})


def _parameters(target: ConditionalGAN, statuses: dict[str, str]) -> dict[str, int]:
    counts = dict.fromkeys((KEPT, ADAPTED, NEW), 0)
    for part in ("generator", "discriminator"):
        for name, weight in getattr(target, part).named_parameters():
            counts[statuses[f"{part}.{name}"]] += weight.numel()
    return counts


def _parts(
    source: ConditionalGAN, target: ConditionalGAN, statuses: dict[str, str], levels: dict[str, int | None]
) -> dict[str, dict[str, list[str]]]:
    """Say by name what is kept, adapted, new or dropped."""
    labels = [list(map(str, gan.classes_.tolist())) for gan in (source, target)]
    shared = share_classes(source.classes, target.classes)
    parts = {
        "classes": _sorted({name: [KEPT if row.any() else NEW] for name, row in zip(labels[1], shared, strict=True)})
    }
    parts["classes"][DROPPED] = [name for name, column in zip(labels[0], shared.T, strict=True) if not column.any()]
    blocks: dict[int, list[str]] = {}
    for name, status in statuses.items():
        if (level := levels.get(name)) is not None:
            blocks.setdefault(level, []).append(status)
    if blocks:
        height, width = target.codec.sample_shape[1:]
        sizes = {f"{height >> level} × {width >> level}": blocks[level] for level in sorted(blocks)}
        return parts | {"resolutions": _sorted(sizes)}
    if isinstance(target.codec.entries[0], tuple):  # entries of a table begin with their column's name
        known = set(source.codec.entries)
        columns: dict[str, list[str]] = {}
        for entry in target.codec.entries:
            columns.setdefault(str(entry[0]), []).append(KEPT if entry in known else NEW)
        parts["columns"] = _sorted(columns)
        parts["columns"][DROPPED] = sorted({str(entry[0]) for entry in known} - columns.keys())
    return parts


def _sorted(found: dict[str, list[str]]) -> dict[str, list[str]]:
    """Group names by what became of all that belongs to them."""
    groups: dict[str, list[str]] = {}
    for name, statuses in found.items():
        groups.setdefault(statuses[0] if len(set(statuses)) == 1 else ADAPTED, []).append(name)
    return groups


def _freeze(target: ConditionalGAN, method: str) -> None:
    """Keep the optimizers away from what the method leaves alone; only weights that are the source's are frozen."""
    assert target.transfer is not None
    network = target.discriminator if method == "freeze-d" else target.generator
    prefix = "discriminator" if method == "freeze-d" else "generator"
    owners = {
        name: name.partition(".parametrizations.")[0].removesuffix("." + name.rpartition(".")[2])
        for name, _ in network.named_parameters()
    }
    layers = [
        owner
        for owner in dict.fromkeys(owners.values())
        if not isinstance(network.get_submodule(owner), ClassEmbedding)
    ]
    frozen = {"freeze-d": layers[: len(layers) // 2], "scale-shift": layers}.get(method, [])
    for name, weight in network.named_parameters():
        kept = target.transfer.tensors[f"{prefix}.{name}"] == KEPT
        weight.requires_grad_(not (kept and owners[name] in frozen))
