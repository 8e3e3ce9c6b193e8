"""Writes a damaged copy of a .safetensors file: edit-stream.py FILE OUT EDIT.

EDIT is `STREAM[INDEX]^=BITS`, which flips bits of an element of the tensor
`w.STREAM`; `STREAM[INDEX]=BITS`, which replaces them; `STREAM#COUNT`, which leaves that tensor its first COUNT elements;
or `-COUNT`, which cuts COUNT bytes off the file's end.
"""

import json
import math
import pathlib
import re
import struct
import sys

source, out, edit = sys.argv[1:]
raw = pathlib.Path(source).read_bytes()
begin = 8 + struct.unpack("<Q", raw[:8])[0]
header, data = json.loads(raw[8:begin]), bytearray(raw[begin:])


def get_entry(stream):
    """Its entry in the header, and the bytes of an element."""
    entry = header[f"w.{stream}"]
    first, last = entry["data_offsets"]
    return entry, (last - first) // math.prod(entry["shape"])


if flip := re.fullmatch(r"([\w.]+)\[(\d+)\](\^?)=(\w+)", edit):
    entry, size = get_entry(flip[1])
    place = entry["data_offsets"][0] + int(flip[2]) * size
    value = int(flip[4], 0)
    if flip[3]:
        value ^= int.from_bytes(data[place : place + size], "little")
    data[place : place + size] = value.to_bytes(size, "little")
elif cut := re.fullmatch(r"([\w.]+)#(\d+)", edit):
    entry, size = get_entry(cut[1])
    first, last = entry["data_offsets"]
    kept = first + int(cut[2]) * size
    entry["shape"] = [int(cut[2])]
    entry["data_offsets"][1] = kept
    del data[kept:last]
    for name, other in header.items():
        if name != "__metadata__" and other["data_offsets"][0] >= last:
            other["data_offsets"] = [
                offset - (last - kept) for offset in other["data_offsets"]
            ]
else:
    del data[int(edit) :]
text = json.dumps(header).encode()
pathlib.Path(out).write_bytes(struct.pack("<Q", len(text)) + text + data)
