import pytest
import torch

from ganaug.core.threads import threads


def test_the_setting_holds_inside_the_block_and_is_given_back():
    before = torch.get_num_threads()
    with pytest.raises(RuntimeError, match="stop here"), threads(before + 1):
        assert torch.get_num_threads() == before + 1
        raise RuntimeError("stop here")
    assert torch.get_num_threads() == before
