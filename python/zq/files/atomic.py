"""Files that appear complete or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from typing import BinaryIO

from .errors import error


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Opens a temporary file beside `path`, which becomes `path` when the block
    ends, once its bytes are on the disk.

    Where the block raises (Ctrl-C as well), `path` is left as it was and the
    temporary file is removed. Errors of the operating system become `zq.Error`.
    """
    # A link keeps being one; what it points to is replaced.
    target = os.path.realpath(path)
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name[:64]}.{secrets.token_hex(6)}.tmp")
    try:
        # Not tempfile: its files are readable by their owner only.
        file = open(temporary, "xb")
    except OSError as problem:
        raise error(path, f"cannot be written: {problem.strerror}") from None
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException as problem:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        if isinstance(problem, OSError):
            raise error(path, f"cannot be written: {problem.strerror}") from None
        raise
    # The new name is to survive a power cut too, where the system can promise it.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
