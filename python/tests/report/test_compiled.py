"""Reports on modules that zq compiled."""

import numpy as np
import pytest
import zq

from .conftest import layer_rows

torch = pytest.importorskip("torch", reason="compiled modules need torch")


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.embedding = torch.nn.Embedding(100, 128)
        self.patch = torch.nn.Conv2d(1, 128, 16, 16)
        self.up = torch.nn.Linear(128, 256)
        self.head = torch.nn.Linear(128, 100, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, tokens, image):
        x = self.embedding(tokens).sum(0) + self.patch(image).flatten(1)
        return self.head(x) + self.up(x).sum()


@pytest.fixture(scope="module")
def block():
    return Block().eval()


@pytest.fixture(scope="module")
def compiled(block):
    example = (torch.arange(8), torch.zeros(1, 1, 16, 16))
    codecs = {"up.*": "nvfp4", "patch.*": "q8_0", "[eh]*": "int8_row"}
    return zq.compile_module(block, example, codecs=codecs, cache=False)


def test_layers_are_the_modules(block, compiled, write):
    page = write(compiled, original=block)
    rows = {row["name"].text: row for row in layer_rows(page)}
    # The tied weight is there once, what is dense too.
    assert sorted(rows) == [
        "embedding.weight",
        "patch.bias",
        "patch.weight",
        "up.bias",
        "up.weight",
    ]
    size = sum(float(row["size"].attributes["data-value"]) for row in rows.values())
    assert size == compiled.nbytes
    originals = dict(block.named_parameters())
    for name, tensor in compiled.weights.items():
        if name == "head.weight":
            continue
        original = originals[name].detach().numpy().reshape(tensor.shape)
        error = np.linalg.norm(tensor.decode() - original) / np.linalg.norm(original)
        shown = float(rows[name]["error"].attributes["data-value"])
        assert shown == pytest.approx(error, rel=1e-5)
    up = rows["up.weight"]["body"].one("tr", class_="more").text
    assert "contraction in two planes of 8-bit integers" in up
    said = page.one("ul", id="remarks").text
    assert "stays dense" in said and all(r.split(": ", 1)[-1] in said for r in compiled.remarks)


def test_a_module_that_is_not_compiled(block, write):
    names = [row["name"].text for row in layer_rows(write(block))]
    assert "up.weight" in names and "up.bias" in names
