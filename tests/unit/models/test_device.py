import pytest
import torch

from ganaug.core.errors import ConfigError
from ganaug.models.device import resolve_device


@pytest.mark.parametrize(("cuda", "mps", "device"), [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")])
def test_auto_is_the_fastest_that_is_there(monkeypatch, cuda, mps, device):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert resolve_device("auto") == device


def test_a_device_that_is_not_there_is_refused_with_the_remedy():
    assert resolve_device("cpu") == "cpu"
    with pytest.raises(ConfigError, match="device 'abacus' is not available here .*use 'cpu'"):
        resolve_device("abacus")
