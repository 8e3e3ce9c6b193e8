"""The command line: `python -m zq`, or `zq`.

Exit codes: 0 for success, 1 for an error, 2 for wrong usage, 130 for Ctrl-C.
Errors are a line on stderr, without a traceback.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

import zq

from .bench import bench
from .codecs import codecs
from .decode import decode
from .encode import encode
from .inspect import inspect
from .running import Signalled, raise_on_signals

__all__ = ["cli", "main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(zq.version(), prog_name="zq")
def cli() -> None:
    """Compressed tensors in files: encode, decode, look at and time them.

    \b
    A first walk through it:
      zq codecs                               which formats there are
      zq inspect model.safetensors            what a file holds
      zq encode model.safetensors --codec nvfp4 -o small.safetensors
      zq inspect small.safetensors --tensor '*.0.*'
      zq decode small.safetensors -o back.safetensors
      zq bench --shape 4096x4096 --codec nvfp4 --codec int8_g128

    Files may be .safetensors (zq's own, dense, compressed-tensors, GPTQ, AWQ), .gguf, or folders
    of a model. Every command has examples in its --help.
    """


for command in (encode, decode, inspect, bench, codecs):
    cli.add_command(command)


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Runs the command line and leaves the process."""
    raise_on_signals()
    try:
        _leave(_run(args))
    except Signalled as caught:
        _leave(128 + caught.number)


def _run(args: Sequence[str] | None) -> int:
    try:
        code = cli.main(args, prog_name="zq", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as problem:
        return problem.exit_code
    except click.UsageError as problem:
        where = problem.ctx.command_path if problem.ctx else "zq"
        message = problem.format_message()
        help = "" if "\n" in message else f" (see {where} --help)"
        click.echo(f"{where}: {message}{help}", err=True)
        return 2
    except click.ClickException as problem:
        click.echo(f"zq: {problem.format_message()}", err=True)
        return 1
    except Signalled as caught:
        word = "interrupted" if caught.number == signal.SIGINT else "terminated"
        click.echo(f"zq: {word}", err=True)
        return 128 + caught.number
    except zq.Error as problem:
        click.echo(f"zq: {str(problem).splitlines()[0]}", err=True)
        return 1
    except OSError as problem:
        click.echo(f"zq: {problem.filename or 'error'}: {problem.strerror}", err=True)
        return 1
    except MemoryError:
        click.echo("zq: out of memory", err=True)
        return 1


def _leave(code: int) -> NoReturn:
    """Ends the process at once: a thread may still be encoding, and nobody is
    interested in what."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(code)
