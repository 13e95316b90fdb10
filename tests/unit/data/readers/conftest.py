import os
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image


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


@pytest.fixture
def unprivileged():
    """Do something as a user who is no superuser, for whom permissions count; `folder` stays within reach."""

    @contextmanager
    def as_nobody(folder):
        if os.geteuid() != 0:
            yield
            return
        above = [p for p in folder.parents if p.stat().st_mode & 0o5 != 0o5]
        modes = [p.stat().st_mode for p in above]
        for p in above:
            p.chmod(0o755)
        os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(0)
            for p, mode in zip(above, modes, strict=True):
                p.chmod(mode)

    return as_nobody
