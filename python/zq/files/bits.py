"""Codes and strings of bits, many at a time.

A string is what zq's `pack` stores and what most other formats hold too: code j
at the bits [j * width, (j + 1) * width), the lowest bit of the first byte first.
Every function works along the last axis.
"""

from __future__ import annotations

import numpy as np


def pack(codes: np.ndarray, width: int) -> np.ndarray:
    """u8 codes [..., n] below 2^width, 1 to 8 bits wide, as u8 strings
    [..., ceil(n * width / 8)]. What is left of the last byte is 0."""
    if width == 8:
        return np.ascontiguousarray(codes, np.uint8)
    if width == 1:
        return np.packbits(codes, axis=-1, bitorder="little")
    per = 2 if width == 4 else 4 if width == 2 else 8
    count = codes.shape[-1]
    groups = _padded(codes, per)
    if per < 8:
        result = groups[..., 0].copy()
        for i in range(1, per):
            result |= groups[..., i] << np.uint8(i * width)
        return result
    # Eight codes are `width` whole bytes.
    words = np.zeros(groups.shape[:-1], "<u8")
    for i in range(per):
        words |= groups[..., i].astype("<u8") << np.uint64(i * width)
    fields = words[..., None].view(np.uint8)[..., :width]
    flat = fields.reshape(*codes.shape[:-1], -1)
    return np.ascontiguousarray(flat[..., : -(-count * width // 8)])


def unpack(strings: np.ndarray, width: int, count: int) -> np.ndarray:
    """The first `count` codes of each u8 string [..., bytes]; the inverse of
    `pack`."""
    if width == 8:
        return np.ascontiguousarray(strings[..., :count])
    if width == 1:
        return np.unpackbits(strings, axis=-1, count=count, bitorder="little")
    mask = (1 << width) - 1
    if 8 % width == 0:
        result = np.empty((*strings.shape, 8 // width), np.uint8)
        for i in range(8 // width):
            np.bitwise_and(strings >> np.uint8(i * width), np.uint8(mask), out=result[..., i])
    else:
        groups = _padded(strings, width)
        words = np.zeros(groups.shape[:-1], "<u8")
        words[..., None].view(np.uint8)[..., :width] = groups
        result = np.empty((*words.shape, 8), np.uint8)
        for i in range(8):
            result[..., i] = (words >> np.uint64(i * width)) & np.uint64(mask)
    return np.ascontiguousarray(result.reshape(*strings.shape[:-1], -1)[..., :count])


def pack_digits(digits: np.ndarray, radix: int) -> np.ndarray:
    """u8 digits [..., n] below `radix` as bytes of as many of them as fit, the
    first the least significant: zq's `pack<radix = ...>`."""
    per = 1
    while radix ** (per + 1) <= 256:
        per += 1
    groups = _padded(digits, per)
    result = np.zeros(groups.shape[:-1], np.uint8)
    for i in range(per):
        result += groups[..., i] * np.uint8(radix**i)
    return result


def words_to_bytes(words: np.ndarray) -> np.ndarray:
    """i32 or u32 words [..., n], as little-endian bytes [..., 4 n]."""
    return np.ascontiguousarray(words, words.dtype.newbyteorder("<")).view(np.uint8)


def _padded(values: np.ndarray, per: int) -> np.ndarray:
    """[..., n] as [..., ceil(n / per), per], filled up with 0."""
    missing = -values.shape[-1] % per
    if missing:
        values = np.concatenate(
            [values, np.zeros((*values.shape[:-1], missing), values.dtype)], axis=-1
        )
    return values.reshape(*values.shape[:-1], values.shape[-1] // per, per)
