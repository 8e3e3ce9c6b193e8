"""Codecs composed in Python, which read as their text does.

>>> from zq.stages import scale, quantize, pack
>>> codec = scale("1x32", "f16") >> quantize("si4") >> pack
>>> str(codec)
'scale<1x32, f16>, quantize<si4>, pack'
>>> zq.codec(codec)
zq.codec('int4_g32')

Any name is a stage; whether there is such a one, `zq.codec` says. Arguments are
written as the text form writes them: strings as they are, lists in brackets,
nested compositions for the codecs of side streams, `key=value` for parameters.

>>> from zq.stages import offset, lookup
>>> str(scale("1x64", offset("tensor", "f32") >> quantize("si8") >> pack))
'scale<1x64, [offset<tensor, f32>, quantize<si8>, pack]>'
"""

from __future__ import annotations

import keyword as _keyword

__all__ = ["Composition"]


class Composition:
    """Stages in a row. `>>` puts further ones below; calling one without
    parameters gives it some."""

    __slots__ = ("_stages",)

    def __init__(self, stages: tuple[str, ...]) -> None:
        self._stages = stages

    def __call__(self, *arguments: object, **parameters: object) -> Composition:
        if len(self._stages) != 1 or "<" in self._stages[0]:
            raise TypeError(f"'{self}' has its parameters already")
        parts = [_write(argument) for argument in arguments]
        # `signed=True` is a flag, which the text form writes alone; Python's
        # own words take an underscore behind.
        for key, value in parameters.items():
            key = key.rstrip("_")
            if value is True:
                parts.append(key)
            elif value is not False and value is not None:
                parts.append(f"{key} = {_write(value)}")
        name = self._stages[0]
        return Composition((f"{name}<{', '.join(parts)}>" if parts else name,))

    def __rshift__(self, below: object) -> Composition:
        if not isinstance(below, Composition):
            return NotImplemented
        return Composition(self._stages + below._stages)

    def __str__(self) -> str:
        return ", ".join(self._stages)

    def __repr__(self) -> str:
        return f"<stages {self}>"


def _write(value: object) -> str:
    if isinstance(value, Composition):
        return f"[{value}]"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_write(element) for element in value)}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        # MLIR reads a float by its point.
        text = repr(value)
        return text if "." in text else text.replace("e", ".0e")
    from .codecs import Codec

    if isinstance(value, Codec):
        return f"[{value.text}]"
    return str(value)


def __getattr__(name: str) -> Composition:
    if name.startswith("_") or not name.isidentifier():
        raise AttributeError(name)
    if _keyword.iskeyword(name.rstrip("_")):
        name = name.rstrip("_")
    return Composition((name,))
