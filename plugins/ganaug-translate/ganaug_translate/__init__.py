"""Image to image: translate one class into another, restore what is small, noisy, blurred or hidden.

The public names load on first use, so that the commands' help costs no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOME = {
    "TranslationConfig": "ganaug_translate.config",
    "RestorationConfig": "ganaug_translate.config",
    "Restorer": "ganaug_translate.restorer",
    "Translator": "ganaug_translate.translator",
    "train_translator": "ganaug_translate.training",
    "train_restorer": "ganaug_translate.training",
}

__all__ = [*_HOME]

if TYPE_CHECKING:
    from ganaug_translate.config import RestorationConfig as RestorationConfig, TranslationConfig as TranslationConfig
    from ganaug_translate.restorer import Restorer as Restorer
    from ganaug_translate.training import train_restorer as train_restorer, train_translator as train_translator
    from ganaug_translate.translator import Translator as Translator


def __getattr__(name: str) -> Any:
    try:
        return getattr(import_module(_HOME[name]), name)
    except KeyError:
        raise AttributeError(f"module 'ganaug_translate' has no attribute {name!r}") from None
