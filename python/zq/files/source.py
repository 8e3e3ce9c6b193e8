"""Tensors of one `.safetensors` file, or of the files of a folder."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from .errors import error, quoted
from .safetensors import MAX_HEADER, Entry, SafetensorsReader

INDEX = "model.safetensors.index.json"


class Source:
    """The entries of all files together; names differ between them."""

    def __init__(
        self, path: str | os.PathLike[str], files: list[Path], weight_map: dict[str, str] | None
    ) -> None:
        self.path = os.fspath(path)
        self.entries: dict[str, Entry] = {}
        self.metadata: dict[str, str] = {}
        self._owner: dict[str, SafetensorsReader] = {}
        self._readers: list[SafetensorsReader] = []
        try:
            for file in files:
                self._add(SafetensorsReader(file), weight_map)
            for name, file_name in (weight_map or {}).items():
                if name not in self.entries:
                    raise error(
                        self.path,
                        f"the index promises it in {quoted(file_name)}, which lacks it",
                        name,
                    )
        except BaseException:
            self.close()
            raise

    def _add(self, reader: SafetensorsReader, weight_map: dict[str, str] | None) -> None:
        self._readers.append(reader)
        for key, value in reader.metadata.items():
            if self.metadata.setdefault(key, value) != value and key.startswith("zq."):
                raise error(
                    reader.path, f"metadata {quoted(key)} says something else in another file"
                )
        for name, entry in reader.entries.items():
            if name in self.entries:
                raise error(reader.path, f"is in {quoted(self._owner[name].path)} too", name)
            if weight_map is not None and weight_map.get(
                name, os.path.basename(reader.path)
            ) != os.path.basename(reader.path):
                raise error(reader.path, "the index has it in another file", name)
            self.entries[name] = entry
            self._owner[name] = reader

    def path_of(self, name: str) -> str:
        """The file that `name` is in."""
        return self._owner[name].path if name in self._owner else self.path

    def read(self, name: str) -> np.ndarray:
        """The tensor `name`, an array of one's own."""
        return self._owner[name].read(name)

    def close(self) -> None:
        for reader in self._readers:
            reader.close()


def open_source(path: str | os.PathLike[str]) -> Source:
    """A file, or a folder with `model.safetensors.index.json` or with a single
    `.safetensors` file, or with those of DFloat11, which have no index."""
    place = Path(path)
    if not place.is_dir():
        return Source(path, [place], None)
    index = place / INDEX
    if index.exists():
        weight_map = _weight_map(index)
        return Source(path, [place / name for name in sorted(set(weight_map.values()))], weight_map)
    files = sorted(place.glob("*.safetensors"))
    if len(files) == 1 or (files and quantization_config(path).get("quant_method") == "dfloat11"):
        return Source(path, files, None)
    if not files:
        raise error(path, "has no .safetensors file")
    raise error(path, f"has {len(files)} .safetensors files and no {INDEX}; name one of them")


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file."""
    try:
        if path.stat().st_size > MAX_HEADER:
            raise error(path, f"is longer than {MAX_HEADER} bytes")
        root = json.loads(path.read_text("utf-8"))
    except OSError as problem:
        raise error(path, f"cannot be read: {problem.strerror}") from None
    except (ValueError, RecursionError) as problem:
        if type(problem).__module__.startswith("zq"):
            raise
        raise error(path, f"is malformed: {problem}") from None
    if not isinstance(root, dict):
        raise error(path, "is no JSON object")
    return root


def _weight_map(index: Path) -> dict[str, str]:
    weight_map = read_json(index).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise error(index, "has no 'weight_map'")
    for name, file in weight_map.items():
        # Files of the folder only, whatever the index says.
        if (
            not isinstance(file, str)
            or file in ("", ".", "..")
            or os.path.basename(file) != file
            or "\0" in file
        ):
            raise error(index, f"{quoted(str(file))} is no file of the folder", name)
    return weight_map


def quantization_config(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What stands beside the tensors about how they are quantized: the
    `quantization_config` or `dfloat11_config` of config.json, or
    quantize_config.json (GPTQ). Empty where there is none."""
    place = Path(path)
    folder = place if place.is_dir() else place.parent
    if (folder / "config.json").exists():
        config = read_json(folder / "config.json")
        for key in ("quantization_config", "compression_config"):
            found = config.get(key)
            if isinstance(found, dict):
                return found
        if isinstance(config.get("dfloat11_config"), dict):
            return {**config["dfloat11_config"], "quant_method": "dfloat11"}
    if (folder / "quantize_config.json").exists():
        return {"quant_method": "gptq", **read_json(folder / "quantize_config.json")}
    return {}
