"""What the tests of files share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import zq


@pytest.fixture
def same_bits():
    """Asserts that two arrays are the same; NaN and the sign of zero count."""

    def check(got: np.ndarray, want: np.ndarray) -> None:
        assert got.dtype == want.dtype
        assert got.shape == want.shape
        different = np.flatnonzero(
            got.reshape(-1, 1).view(np.uint8) != want.reshape(-1, 1).view(np.uint8)
        )
        assert not different.size, (
            f"{different.size} bytes differ: {got.ravel()[:4]} {want.ravel()[:4]}"
        )

    return check


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20240711)


@pytest.fixture
def tool():
    """The path of one of the command line tools of the same build."""

    def find(name: str) -> Path:
        path = Path(zq._native.__file__).resolve().parents[2] / "bin" / name
        if not path.exists():
            pytest.skip(f"{name} is not built")
        return path

    return find
