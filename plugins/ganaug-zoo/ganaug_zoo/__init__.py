"""Small source generators: ``ganaug.finetune("zoo:strokes", X, y)``, ``GANOverSampler(pretrained="zoo:strokes")``."""

from pathlib import Path

from ganaug.core.errors import PluginNotFoundError, did_you_mean

_FOLDER = Path(__file__).parent / "models"


def names() -> list[str]:
    """Return the names of the models, sorted.

    Examples
    --------
    >>> "digits" in names()
    True
    """
    return sorted(file.stem for file in _FOLDER.glob("*.safetensors"))


def path(name: str) -> Path:
    """Return the checkpoint of a model; what ``"zoo:name"`` means to ganaug.

    Raises
    ------
    PluginNotFoundError
        If there is none of that name.
    """
    if name not in names():
        raise PluginNotFoundError(f"the zoo has no model {name!r}; {did_you_mean(name, names())}")
    return _FOLDER / f"{name}.safetensors"
