"""Checkpoints of DFloat11, encoded here from the definition of their layout."""

from __future__ import annotations

import heapq
import itertools
import json

import ml_dtypes
import numpy as np
import pytest
import zq
import zq.files

BF16 = np.dtype(ml_dtypes.bfloat16)
CONFIG = {
    "version": "0.5.0",
    "threads_per_block": [512],
    "bytes_per_thread": 8,
    "pattern_dict": {
        "lm_head": [],
        r"model\.layers\.\d+": ["self_attn.q_proj", "mlp.up_proj", "mlp.down_proj"],
    },
}
LAYER = "model.layers.7"
WEIGHTS = [f"{LAYER}.{name}.weight" for name in CONFIG["pattern_dict"][r"model\.layers\.\d+"]]


def huffman(symbols):
    """Bits and value of each symbol's code; END ends the last byte."""
    found, counts = np.unique(symbols, return_counts=True)
    order = itertools.count()
    heap = [(int(n), next(order), [int(s)]) for s, n in zip(found, counts, strict=True)]
    heap.append((1, next(order), ["end"]))
    heapq.heapify(heap)
    codes = {symbol: "" for _, _, group in heap for symbol in group}
    while len(heap) > 1:
        groups = [heapq.heappop(heap) for _ in range(2)]
        for bit, (_, _, group) in enumerate(groups):
            for symbol in group:
                codes[symbol] = str(bit) + codes[symbol]
        count = groups[0][0] + groups[1][0]
        heapq.heappush(heap, (count, next(order), groups[0][2] + groups[1][2]))
    return codes


def lookup_tables(codes):
    symbols = [symbol for symbol in codes if symbol != "end"]
    prefixes = {codes[s][: (len(codes[s]) - 1) // 8 * 8] for s in symbols} | {""}
    prefixes |= {p[:n] for p in prefixes for n in range(0, len(p), 8)}
    prefixes = sorted(prefixes, key=len)
    tables = np.zeros((len(prefixes) + 1, 256), np.uint8)
    for i, prefix in enumerate(prefixes):
        for symbol in symbols:
            rest = codes[symbol][len(prefix) :]
            if not codes[symbol].startswith(prefix):
                continue
            if len(rest) <= 8:
                first = int(rest.ljust(8, "0"), 2)
                tables[i, first : first + (1 << (8 - len(rest)))] = symbol
            else:
                tables[i, int(rest[:8], 2)] = 256 - prefixes.index(prefix + rest[:8])
    for symbol in symbols:
        tables[-1, symbol] = len(codes[symbol])
    return tables


def published(module, weights, threads=512):
    """The arrays of a module with these weights."""
    bits = np.concatenate([w.reshape(-1).view(np.uint16) for w in weights])
    exponents = (bits >> 7 & 0xFF).astype(np.uint8)
    codes = huffman(exponents)
    texts = [codes[int(e)] for e in exponents]
    starts = np.concatenate([[0], np.cumsum([len(t) for t in texts])])
    stream = "".join(texts)
    stream += codes["end"][: -len(stream) % 8].ljust(-len(stream) % 8, "0")
    encoded = np.frombuffer(
        int("1" + stream, 2).to_bytes(len(stream) // 8 + 1, "big")[1:], np.uint8
    )
    blocks = -(-len(encoded) // (threads * 8))
    # The last place is where the end's code begins.
    owner, first = np.unique(starts // 64, return_index=True)
    inside = owner * 64 < len(stream)
    owner, first = owner[inside], first[inside]
    gaps = np.zeros(blocks * threads, np.uint8)
    gaps[owner] = starts[first] % 64
    positions = [int(np.searchsorted(starts, b * threads * 64)) for b in range(blocks)]
    arrays = {
        "luts": lookup_tables(codes),
        "encoded_exponent": encoded,
        "sign_mantissa": (bits >> 8 & 0x80 | bits & 0x7F).astype(np.uint8),
        "output_positions": np.array([*positions, len(bits)], "<u4").view(np.uint8),
        "gaps": np.packbits(np.unpackbits(gaps[:, None], axis=1)[:, 3:].reshape(-1)),
        "split_positions": np.cumsum([w.size for w in weights], dtype=np.int64)[:-1],
    }
    return {f"{module}.{name}": array for name, array in arrays.items()}


@pytest.fixture
def layer(rng):
    sizes = ((96, 64), (128, 64), (64, 128))
    values = [(rng.standard_normal(size) * 0.02).astype(BF16) for size in sizes]
    # One exponent far from the others has a code of many bits.
    values[1][3, 5] = 1e30
    return values


def write(folder, files, config=CONFIG):
    for name, arrays in files.items():
        zq.save(folder / f"{name}.safetensors", arrays)
    if config is not None:
        (folder / "config.json").write_text(json.dumps({"dfloat11_config": config}))
    return folder


def test_weights_of_a_folder(tmp_path, rng, layer, same_bits):
    head = rng.standard_normal((40, 100)).astype(BF16)
    norm = np.ones(3, np.float32)
    files = {
        "model_layers_7": published(LAYER, layer),
        "lm_head": published("lm_head", [head]),
        "model": {"model.norm.weight": norm},
    }
    with zq.files.open(write(tmp_path, files)) as checkpoint:
        assert checkpoint.format == "dfloat11"
        assert set(checkpoint) == {*WEIGHTS, "lm_head.weight", "model.norm.weight"}
        for name, weight in zip(WEIGHTS, layer, strict=True):
            about = checkpoint.stored[name]
            assert about.kind == "DFloat11" and about.shape == (weight.size,)
            assert 10.4 < about.bits_per_weight < 13
            same_bits(checkpoint[name].reshape(weight.shape), weight)
        same_bits(checkpoint["lm_head.weight"], head.reshape(-1))
        same_bits(checkpoint["model.norm.weight"], norm)


def test_weights_are_encoded_anew_without_loss(tmp_path, layer, same_bits):
    loaded = zq.load(write(tmp_path, {"model": published(LAYER, layer)}), WEIGHTS[:1])
    tensor = zq.encode(loaded[WEIGHTS[0]].reshape(layer[0].shape), "df11")
    same_bits(tensor.decode(), layer[0])


def test_blocks_of_other_sizes(tmp_path, layer, same_bits):
    config = CONFIG | {"threads_per_block": [16]}
    files = {"model": published(LAYER, layer, threads=16)}
    loaded = zq.load(write(tmp_path, files, config))
    same_bits(loaded[WEIGHTS[2]], layer[2].reshape(-1))


def test_one_weight_needs_no_configuration(tmp_path, layer, same_bits):
    write(tmp_path, {"model": published("lm_head", layer[:1])}, config=None)
    loaded = zq.load(tmp_path / "model.safetensors")
    same_bits(loaded["lm_head.weight"], layer[0].reshape(-1))


def test_format_safetensors_loads_the_buffers(tmp_path, layer):
    folder = write(tmp_path, {"model": published(LAYER, layer)})
    assert f"{LAYER}.luts" in zq.load(folder, format="safetensors")


def without(name):
    return lambda arrays: arrays.pop(f"{LAYER}.{name}")


def changed(name, change):
    def edit(arrays):
        array = arrays[f"{LAYER}.{name}"].copy()
        arrays[f"{LAYER}.{name}"] = change(array)

    return edit


def flip(array):
    array.reshape(-1)[array.size // 2] ^= 0x55
    return array


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (without("luts"), f"there is no '{LAYER}.luts' beside it"),
        (without("gaps"), f"there is no '{LAYER}.gaps' beside it"),
        (without("split_positions"), "has 1 weights, and the configuration names 3"),
        (changed("luts", lambda a: a.astype(np.int16)), "is of int16, expected u8"),
        (changed("luts", lambda a: a[:, :255]), "buffer 'luts' has shape"),
        (changed("encoded_exponent", lambda a: a[:-9]), "runs past the end|expected"),
        (changed("encoded_exponent", np.invert), "bits, but its first code is at bit|no code"),
        (changed("output_positions", lambda a: a[4:]), "'output_positions'"),
        (changed("output_positions", flip), "begins at element|ends at|expected"),
        (changed("gaps", lambda a: a ^ 1), "has a gap of"),
        (changed("split_positions", lambda a: a[::-1]), "does not split"),
        (changed("split_positions", lambda a: -a), "does not split"),
        (changed("split_positions", lambda a: a.astype(np.int32)), "expected a list of i64"),
    ],
)
def test_damage_is_an_error(tmp_path, layer, edit, message):
    arrays = published(LAYER, layer, threads=16)
    edit(arrays)
    config = CONFIG | {"threads_per_block": [16]}
    with pytest.raises(zq.Error, match=message):
        zq.load(write(tmp_path, {"model": arrays}, config))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"threads_per_block": [0]}, r"threads_per_block is \[0\]|threads_per_block is 0"),
        ({"threads_per_block": "many"}, "threads_per_block is 'many'"),
        ({"bytes_per_thread": 4}, "bytes_per_thread is 4, expected 8"),
        ({"pattern_dict": []}, "pattern_dict is no object"),
        ({"pattern_dict": {r"model\.layers\.\d+": "q"}}, "are no list of names"),
        ({"pattern_dict": {r"model\.layers\.\d+": ["q"]}}, "has 3 weights"),
        ({"pattern_dict": {r"(model\.layers\.\d+)+": ["q", "k", "v"]}}, "no pattern"),
        ({"pattern_dict": {}}, "no pattern of the configuration's pattern_dict names its 3"),
    ],
)
def test_a_wrong_configuration_is_an_error(tmp_path, layer, change, message):
    with pytest.raises(zq.Error, match=message):
        zq.load(write(tmp_path, {"model": published(LAYER, layer)}, CONFIG | change))
