"""Long calls into native code."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_SHORT = 1 << 24


def interruptible(call: Callable[[], T], nbytes: int) -> T:
    """What `call` returns, where it takes no part in Python for as long as work
    on `nbytes` takes. Ctrl-C ends the wait for a long one at once; its work
    then goes on to its end on a thread of its own, and is dropped."""
    if nbytes < _SHORT or threading.current_thread() is not threading.main_thread():
        return call()
    results: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(call())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=work, name="zq", daemon=True)
    thread.start()
    # Python runs signal handlers between these waits.
    while thread.is_alive():
        thread.join(0.1)
    if errors:
        raise errors[0]
    return results[0]
