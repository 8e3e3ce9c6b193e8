"""Compiled programs on disk.

A program is found again by its text, the options it was compiled with, the
compiler and this machine's CPU. The folder is `ZQ_CACHE_DIR`, or `zq` in
`XDG_CACHE_HOME` or `~/.cache`; there is no cache where `ZQ_CACHE_DIR` is empty,
or the user has no home. It holds machine code: the folder is made for its owner
alone, and one that others may write to is not used.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import stat
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from . import _native
from .errors import Error

T = TypeVar("T")

LIMIT = 1 << 30
"""Bytes beyond which the programs that were used longest ago are removed."""


def folder() -> Path | None:
    """Where programs are kept; None where they are not."""
    named = os.environ.get("ZQ_CACHE_DIR")
    if named is not None:
        return Path(named) if named else None
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return Path(base or Path.home() / ".cache") / "zq"
    except RuntimeError:  # A user that the system does not know has no home.
        return None


def clear() -> int:
    """Removes all programs, and says how many there were."""
    place = folder()
    removed = 0
    for path in place.glob("*.zqp") if place else ():
        with contextlib.suppress(OSError):
            path.unlink()
            removed += 1
    return removed


@functools.cache
def _compiler() -> bytes:
    """What tells this compiler from any other: its code, and the machine."""
    digest = hashlib.sha256(_native.version().encode())
    with open(_native.__file__, "rb") as file:
        digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.digest()


def _path(place: Path, key: tuple) -> Path:
    digest = hashlib.sha256(_compiler())
    digest.update(repr(key).encode())
    return place / f"{digest.hexdigest()}.zqp"


def _is_ours(place: Path) -> bool:
    status = place.stat()
    if status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return True
    warnings.warn(
        f"the cache {place} is not used, since others may write to it; set ZQ_CACHE_DIR",
        stacklevel=4,
    )
    return False


def load(key: tuple, read: Callable[[bytes], T]) -> T | None:
    """What `read` makes of the entry for `key`; None where there is none, or
    none that is whole."""
    place = folder()
    if place is None:
        return None
    path = _path(place, key)
    try:
        if not _is_ours(place):
            return None
        data = path.read_bytes()
        loaded = read(data)
        os.utime(path)
        return loaded
    except (OSError, Error):
        return None


def save(key: tuple, data: bytes) -> None:
    """Writes an entry, whole or not at all. A full disk or a folder that cannot
    be written to are no errors: there is no cache then."""
    place = folder()
    if place is None:
        return
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_ours(place):
            return
        descriptor, name = tempfile.mkstemp(dir=place, suffix=".tmp")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            os.replace(name, _path(place, key))
        except BaseException:
            os.unlink(name)
            raise
        _trim(place)
    except OSError:
        return


def _trim(place: Path) -> None:
    entries = []
    for path in place.glob("*.zqp"):
        with contextlib.suppress(OSError):
            status = path.stat()
            entries.append((status.st_mtime, status.st_size, path))
    total = sum(size for _, size, _ in entries)
    for _, size, path in sorted(entries):
        if total <= LIMIT:
            break
        with contextlib.suppress(OSError):
            path.unlink()
            total -= size
