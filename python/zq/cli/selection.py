"""Which tensors are meant, and which codec each gets."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import click

import zq
from zq.files import Stored
from zq.files.dtypes import FLOATS
from zq.files.errors import quoted, suggestion

DTYPES = ("f32", "f16", "bf16")


@dataclass(frozen=True)
class Rule:
    """A pattern of names and the codec for what it matches."""

    pattern: str
    codec: zq.Codec

    def matches(self, name: str) -> bool:
        return fnmatch.fnmatchcase(name, self.pattern)


def parse_codec(text: str) -> zq.Codec:
    """The codec that a user named; wrong usage where there is none."""
    try:
        return zq.codec(text)
    except zq.Error as problem:
        lines = str(problem).splitlines()
        # A name is its own place; in stages the place is worth two more lines.
        raise click.UsageError("\n".join(lines) if "<" in text else lines[0]) from None


def parse_rules(texts: Sequence[str]) -> list[Rule]:
    """`CODEC`, for every tensor, or `PATTERN=CODEC`. What has a pattern comes
    first, in its order."""
    special, general = [], []
    for text in texts:
        pattern, equals, codec = text.partition("=")
        # Stages have options: `hadamard<axis = 1>` is no pattern.
        if equals and not set("<> #") & set(pattern):
            if not pattern or not codec:
                raise click.UsageError(f"--codec {text!r}: expected PATTERN=CODEC")
            special.append(Rule(pattern, parse_codec(codec)))
        else:
            general.append(Rule("*", parse_codec(text)))
    if len(general) > 1:
        raise click.UsageError(
            "--codec names two codecs for every tensor; give all but one a pattern: PATTERN=CODEC"
        )
    return special + general


def check_patterns(option: str, patterns: Iterable[str], names: Sequence[str]) -> None:
    """Refuses patterns that match nothing, which are misspelt."""
    for pattern in patterns:
        if not fnmatch.filter(names, pattern) and not any(
            fnmatch.fnmatchcase(name, pattern) for name in names
        ):
            close = suggestion(pattern, names) if not set("*?[") & set(pattern) else ""
            raise click.UsageError(f"{option} {quoted(pattern)} matches no tensor{close}")


def any_matches(patterns: Iterable[str], name: str) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def choose(
    stored: Stored,
    rules: Sequence[Rule],
    include: Sequence[str],
    exclude: Sequence[str],
    min_size: int,
    dtype: str | None,
) -> zq.Codec | str:
    """The codec for a tensor, or why it stays as it is."""
    if not stored.is_dense:
        return f"compressed already ({stored.kind})"
    if stored.dtype not in FLOATS:
        return f"elements of type {stored.dtype}"
    if any_matches(exclude, stored.name):
        return "excluded"
    if include and not any_matches(include, stored.name):
        return "not included"
    rule = next((rule for rule in rules if rule.matches(stored.name)), None)
    if rule is None:
        return "no --codec for it"
    if len(stored.shape) < 2:
        return "not a matrix"
    count = 1
    for length in stored.shape:
        count *= length
    if count < min_size:
        return f"fewer than {min_size} elements"
    try:
        rule.codec.tensor_type(stored.shape, to_dtype(dtype) if dtype else None)
    except zq.Error as problem:
        return f"{rule.codec} does not hold it: {str(problem).splitlines()[0]}"
    return rule.codec


def to_dtype(name: str):
    """NumPy's type of MLIR's name."""
    from zq.files.native import ELEMENTS

    return ELEMENTS[name]
