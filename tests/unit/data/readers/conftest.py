import numpy as np
import pytest


@pytest.fixture
def folder(tmp_path):
    """Two empty class folders."""
    for name in ("cat", "dog"):
        (tmp_path / "images" / name).mkdir(parents=True)
    return tmp_path / "images"


@pytest.fixture(scope="session")
def gradient():
    return np.arange(64, dtype=np.uint8).reshape(8, 8)


@pytest.fixture
def gray(gradient):
    """Write a gray image."""
    from PIL import Image

    def write(path, pixels=gradient):
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
        return path

    return write


@pytest.fixture
def table():
    """Write a text file."""

    def write(path, text, encoding="utf-8"):
        path.write_bytes(text.encode(encoding))
        return path

    return write
