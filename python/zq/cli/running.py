"""Work that Ctrl-C ends at once, threads, and bars that show how far it is."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn, TypeVar

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

T = TypeVar("T")

jobs_option = click.option(
    "--jobs",
    "-j",
    type=click.IntRange(min=1),
    callback=lambda _context, _option, value: set_threads(value),
    expose_value=False,
    help="Threads to work on; all cores without it.",
)


class Signalled(BaseException):
    """SIGINT or SIGTERM."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def raise_on_signals() -> None:
    """Has both signals raise `Signalled`, so that what is half done is undone.
    click has its own way with KeyboardInterrupt."""

    def handle(number: int, _frame: FrameType | None) -> NoReturn:
        raise Signalled(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        # Who ignores a signal for us, such as nohup, means it.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handle)


def set_threads(count: int | None) -> None:
    """How many threads zq's OpenMP starts; it looks when it first starts any."""
    if count is not None:
        os.environ["OMP_NUM_THREADS"] = str(count)


def in_background(function: Callable[..., T], *args: Any) -> T:
    """`function(*args)`, in a thread, so that a signal is not kept waiting by
    native code. What is interrupted goes on until the process ends."""
    result: list[T] = []
    problem: list[BaseException] = []

    def run() -> None:
        try:
            result.append(function(*args))
        except BaseException as caught:
            problem.append(caught)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join()
    if problem:
        raise problem[0]
    return result[0]


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int, str], None]]:
    """A bar on stderr, if that is a terminal, over `total` bytes. Gives a
    function to be called with the bytes done and what is next."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    bar.disable = not bar.console.is_terminal
    with bar:
        task = bar.add_task(what, total=total)

        def advance(done: int, name: str) -> None:
            short = name if len(name) <= 40 else "..." + name[-37:]
            bar.update(task, advance=done, description=f"{what} {short}")

        yield advance
