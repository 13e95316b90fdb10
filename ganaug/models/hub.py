"""Checkpoints on the Hugging Face hub: `push_to_hub`, and what ``ganaug.load("hf://user/model")`` looks up."""

import tempfile
from pathlib import Path
from typing import Any

from ganaug._version import __version__
from ganaug.core.errors import CheckpointError
from ganaug.core.extras import require
from ganaug.models.gan import ConditionalGAN

FILE = "model.safetensors"
_LISTED = 20  # classes that a card names


def fetch(item: str) -> Path:
    """Return the path of a checkpoint of the hub, downloaded into its own cache where it is not there yet.

    Registered in the entry-point group ``ganaug.checkpoints`` as ``hf``; it is what ``"hf://user/model"`` means.

    Parameters
    ----------
    item : str
        ``//user/model``, with ``@revision`` behind it where it is not to be the newest.

    Raises
    ------
    MissingExtraError
        If huggingface_hub is not installed (extra ``hub``).
    CheckpointError
        If the hub cannot be reached, or has no such checkpoint.
    """
    hub = require("huggingface_hub", extra="hub", purpose="a model of the Hugging Face hub")
    name, _, revision = item.strip("/").partition("@")
    try:
        return Path(hub.hf_hub_download(repo_id=name, filename=FILE, revision=revision or None))
    except (OSError, ValueError) as error:  # huggingface_hub's errors are of these
        raise CheckpointError(f"cannot fetch hf://{name}: {str(error).partition(chr(10))[0]}") from error


def push_to_hub(gan: ConditionalGAN, name: str, *, evaluation: Any = None, private: bool = True) -> str:
    """Write a model and its card to the Hugging Face hub.

    Who may write is the hub's business: log in by ``hf auth login`` first. Tested against a stand-in of the hub only.

    Parameters
    ----------
    gan : ConditionalGAN
        The model. What was said of its data (``gan.provenance``) goes into the card.
    name : str
        ``"user/model"``; created where it does not exist.
    evaluation : Evaluation, optional
        Its verdicts and numbers go into the card, without any sample.
    private : bool, default=True
        Whether a new repository is seen by its owner alone.

    Returns
    -------
    str
        What `ganaug.load` takes: ``"hf://user/model"``.

    Raises
    ------
    MissingExtraError
        If huggingface_hub is not installed (extra ``hub``).
    """
    hub = require("huggingface_hub", extra="hub", purpose="push_to_hub")
    api = hub.HfApi()
    with tempfile.TemporaryDirectory() as folder:
        said = gan.provenance
        gan.save(Path(folder) / FILE, data=said.data, licence=said.licence, source=said.source)
        (Path(folder) / "README.md").write_text(write_card(gan, name, evaluation), encoding="utf-8")
        api.create_repo(repo_id=name, private=private, exist_ok=True)
        api.upload_folder(repo_id=name, folder_path=folder, commit_message=f"ganaug {__version__}")
    return f"hf://{name}"


def write_card(gan: ConditionalGAN, name: str, evaluation: Any = None) -> str:
    """Return the model card, Markdown with a header of YAML: what was learnt, from which data, and how good it is."""
    said = gan.provenance
    labels, counts = gan.classes_.tolist(), gan.classes.counts
    listed = [f"| {label} | {n:,} |" for label, n in list(zip(labels, counts, strict=True))[:_LISTED]]
    if len(labels) > _LISTED:
        listed.append(f"| {len(labels) - _LISTED} more | {sum(counts[_LISTED:]):,} |")
    lines = [
        "---",
        "library_name: ganaug",
        "tags: [ganaug, gan, synthetic-data, over-sampling]",
        "---",
        f"# {name}",
        f"A conditional GAN of {gan.codec.schema.describe()}, trained by ganaug {__version__} for {gan.step:,} steps.",
        "```python",
        "import ganaug",
        f'gan = ganaug.load("hf://{name}")',
        f"gan.sample(100, label={labels[0]!r})",
        "```",
        "## Data",
        f"- name: {said.data or 'not said'}",
        f"- licence: {said.licence or 'not said'}",
        f"- source: {said.source or 'not said'}",
        "",
        "| class | training samples |",
        "|---|---|",
        *listed,
        "## How good it is",
    ]
    if evaluation is None:
        lines.append("It was not evaluated.")
    else:
        lines += [f"- {question}: {verdict}" for question, verdict in evaluation.verdicts.items()]
    lines += ["", "Synthetic samples are not anonymous: nothing here is differential privacy."]
    return "\n".join(lines) + "\n"
