"""Numbers as people read them."""

from __future__ import annotations

import math


def size(count: float) -> str:
    """Bytes: "331.8 kB"."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} B" if unit == "B" else f"{count:.{_places(count)}f} {unit}"
        count /= 1000
    return f"{count:.{_places(count)}f} TB"


def count(number: int) -> str:
    """Things: "22.7 M"."""
    value = float(number)
    for unit in ("", " k", " M", " G"):
        if value < 1000:
            return f"{value:.0f}" if not unit else f"{value:.{_places(value)}f}{unit}"
        value /= 1000
    return f"{value:.{_places(value)}f} T"


def _places(value: float) -> int:
    return 0 if value >= 100 else 1 if value >= 10 else 2


def bits(value: float) -> str:
    return f"{value:.3f}"


def error(value: float) -> str:
    """A relative or absolute error: "0.0946", "1.2e-05"."""
    if value == 0:
        return "0"
    if not math.isfinite(value):
        return "∞"
    return f"{value:.4f}" if value >= 1e-3 and value < 100 else f"{value:.1e}"


def decibels(value: float) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.2f}".replace("-", "−")


def microseconds(seconds: float) -> str:
    value = seconds * 1e6
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def rate(bytes_a_second: float) -> str:
    """In GB/s, without the unit."""
    value = bytes_a_second / 1e9
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def level(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")


def plural(number: int, word: str) -> str:
    return f"{number:,} {word}" + ("" if number == 1 else "s")
