"""Elements of HTML and SVG, escaped by the library that writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree

Element = ElementTree.Element
Child = Element | str | None | Iterable["Child"]

# What no page may hold: control characters, and halves of surrogate pairs.
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def node(tag: str, *children: Child, **attributes: object) -> Element:
    """An element. Underscores of an attribute's name are hyphens, one at its end
    is none (`class_`); attributes and children that are None are left out."""
    element = Element(tag)
    for key, value in attributes.items():
        if value is not None:
            element.set(key.rstrip("_").replace("_", "-"), clean(str(value)))
    _append(element, children)
    return element


def _append(element: Element, children: Iterable[Child]) -> None:
    for child in children:
        if child is None:
            continue
        if isinstance(child, str):
            if len(element):
                element[-1].tail = (element[-1].tail or "") + clean(child)
            else:
                element.text = (element.text or "") + clean(child)
        elif isinstance(child, Element):
            element.append(child)
        else:
            _append(element, child)


def clean(text: str) -> str:
    """`text` with what a page may not hold replaced by U+FFFD."""
    return _FORBIDDEN.sub("\ufffd", text)


def write(root: Element) -> bytes:
    """The document, in UTF-8."""
    text = ElementTree.tostring(root, encoding="unicode", method="html")
    return f"<!DOCTYPE html>\n{text}\n".encode()


def name(text: str) -> Element:
    """A name from outside, kept from turning the text around it; it may break
    into lines behind its dots."""
    first, *rest = re.split(r"(?<=[./])", text)
    return node("bdi", first, [(node("wbr"), part) for part in rest])
