"""Errors of what is decoded."""

import math

import ml_dtypes
import numpy as np
import pytest
import zq
from zq import distortion


def test_is_that_of_numpy(gaussian):
    x = gaussian(300, 257)
    y = x + 0.01 * gaussian(300, 257, seed=1)
    found = distortion.measure(x, y)
    wide, changed = x.astype(np.float64), y.astype(np.float64) - x
    error = np.linalg.norm(changed) / np.linalg.norm(wide)
    assert found.relative_error == pytest.approx(error, rel=1e-12)
    assert found.sqnr == pytest.approx(-20 * np.log10(error), rel=1e-12)
    assert found.max_error == np.abs(changed).max()
    assert found.not_finite == 0 and not found.identical


def test_does_not_depend_on_the_chunks(gaussian, monkeypatch):
    x, y = gaussian(1000), gaussian(1000, seed=1)
    whole = distortion.measure(x, y)
    monkeypatch.setattr(distortion, "_CHUNK", 7)
    parts = distortion.measure(x, y)
    assert parts.relative_error == pytest.approx(whole.relative_error, rel=1e-12)
    assert parts.max_error == whole.max_error


def test_of_what_did_not_change():
    x = np.array([1.0, -0.0, np.inf, np.nan], np.float32)
    found = distortion.measure(x, x.copy())
    assert found.relative_error == 0 and found.sqnr == math.inf and found.identical
    assert found.not_finite == 2
    # The sign of zero counts as a bit, but not as an error.
    found = distortion.measure(x, np.abs(x))
    assert found.relative_error == 0 and not found.identical


def test_of_nothing_but_zeros():
    zeros, ones = np.zeros(3, np.float32), np.ones(3, np.float32)
    assert distortion.measure(zeros, zeros).relative_error == 0
    assert distortion.measure(zeros, ones).relative_error == math.inf
    assert distortion.measure(zeros, ones).sqnr == -math.inf
    assert distortion.measure(zeros[:0], zeros[:0]).relative_error == 0


def test_across_types():
    x = np.array([1.0, 1.0 / 3], np.float32)
    y = x.astype(ml_dtypes.bfloat16)
    found = distortion.measure(x, y)
    assert found.max_error == abs(float(x[1]) - float(y[1]))
    assert not found.identical


def test_totals_weigh_by_size(gaussian):
    x, y = gaussian(10), gaussian(1000, seed=1)
    parts = [distortion.measure(x, 1.5 * x), distortion.measure(y, 1.01 * y)]
    whole = distortion.measure(np.append(x, y), np.append(1.5 * x, 1.01 * y))
    assert distortion.total(parts).relative_error == pytest.approx(whole.relative_error)
    assert distortion.total(parts).max_error == whole.max_error
    assert distortion.total([]) is None


def test_other_shapes_are_refused(gaussian):
    with pytest.raises(zq.Error, match=r"shape \(2, 3\).*\(3, 2\)"):
        distortion.measure(gaussian(2, 3), gaussian(3, 2))
