"""Which device a name stands for."""

import torch

from ganaug.core.errors import ConfigError


def resolve_device(name: str) -> str:
    """Return the device that a name stands for; ``"auto"`` is an accelerator if there is one, else the CPU.

    Raises
    ------
    ConfigError
        If it is not there.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"device {name!r} is not available here ({str(error).splitlines()[0]}); use 'cpu'") from None
    return name
