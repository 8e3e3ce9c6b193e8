"""Small models of real architectures, with random weights, end to end."""

import copy

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

import zq  # noqa: E402
from torch import nn  # noqa: E402
from torch.export import Dim  # noqa: E402

transformers.logging.set_verbosity_error()


def bert(**more):
    config = transformers.BertConfig(
        vocab_size=101,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=96,
        max_position_embeddings=32,
        **more,
    )
    return transformers.BertModel(config).eval()


def llama(**more):
    options = {"num_key_value_heads": 2, "max_position_embeddings": 64} | more
    config = transformers.LlamaConfig(
        vocab_size=101,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        **options,
    )
    return transformers.LlamaForCausalLM(config).eval()


def tokens(*shape):
    return torch.randint(3, 101, shape)


def decoded(model, weights):
    """A copy of a model with the values that compressed weights stand for."""
    copied = copy.deepcopy(model)
    for name, tensor in weights.items():
        parameter = copied.get_parameter(name)
        parameter.data = torch.from_numpy(tensor.decode().astype("float32"))
    return copied


class Logits(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, ids):
        return self.model(ids, use_cache=False).logits


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_bert(attention):
    model = bert(attn_implementation=attention)
    ids, mask = tokens(2, 9), torch.ones(2, 9, dtype=torch.int64)
    mask[0, 5:] = 0
    module = zq.compile_module(model, (ids,), {"attention_mask": mask})
    assert not module.remarks and len(module.functions) == 1
    with torch.no_grad():
        want = model(ids, attention_mask=mask)
    got = module(ids, attention_mask=mask)
    assert type(got) is type(want)
    torch.testing.assert_close(got.last_hidden_state, want.last_hidden_state)
    torch.testing.assert_close(got.pooler_output, want.pooler_output)


def test_bert_with_sizes_that_change():
    model = bert()
    shapes = {0: Dim("batch", max=32), 1: Dim("length", min=2, max=32)}
    module = zq.compile_module(
        model,
        (tokens(2, 9),),
        {"attention_mask": torch.ones(2, 9, dtype=torch.int64)},
        dynamic_shapes={"input_ids": shapes, "attention_mask": shapes},
    )
    for batch, length in [(2, 9), (1, 4), (3, 32)]:
        ids, mask = tokens(batch, length), torch.ones(batch, length, dtype=torch.int64)
        mask[-1, length // 2 :] = 0
        with torch.no_grad():
            want = model(ids, attention_mask=mask).last_hidden_state
        got = module(ids, attention_mask=mask).last_hidden_state
        torch.testing.assert_close(got, want)
    assert not [remark for remark in module.remarks if "PyTorch" in remark]


# int4_h128 in blocks that these small layers have.
ROTATED = "hadamard<axis = 1, block = 32, seed = 1>, scale<1x32, bf16, zero>, quantize<ui4>, pack"


@pytest.mark.parametrize(
    "codec, options",
    [("int8_row", {}), ("nvfp4", {}), (ROTATED, {}), ("nvfp4", {"pack_weights": False})],
)
def test_compressed_bert(codec, options):
    """Against PyTorch with the decoded weights: what is left is the error of the arithmetic."""
    model, ids = bert(), tokens(2, 9)
    module = zq.compile_module(model, (ids,), codecs=codec, **options)
    rows = module.explain().rows
    assert len(rows) == 3 + 2 * 6 + 1
    assert all(row.fused for row in rows if "token_type" not in row.name), str(module.explain())
    assert module.nbytes < 0.4 * sum(p.numel() * 4 for p in model.parameters())
    reference = decoded(model, module.weights)
    with torch.no_grad():
        want = reference(ids).last_hidden_state
    torch.testing.assert_close(module(ids).last_hidden_state, want, rtol=1e-3, atol=1e-3)


def test_lossless_bert():
    """The weights keep every bit, and the results are PyTorch's within rounding."""
    model = bert()
    for parameter in model.parameters():
        parameter.data = parameter.data.bfloat16().float()
    ids = tokens(2, 9)
    module = zq.compile_module(model, (ids,), codecs="bf16_huff")
    for name, tensor in module.weights.items():
        assert torch.equal(
            torch.from_numpy(tensor.decode().astype("float32")), model.get_parameter(name).data
        )
    with torch.no_grad():
        want = model(ids).last_hidden_state
    torch.testing.assert_close(module(ids).last_hidden_state, want)


def test_bert_by_torch_compile():
    model, ids = bert(), tokens(2, 9)
    call = torch.compile(model, backend="zq")
    with torch.inference_mode():
        want = model(ids)
        torch.testing.assert_close(call(ids).last_hidden_state, want.last_hidden_state)
    assert not zq.explain(call).remarks


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"num_key_value_heads": 4, "attn_implementation": "eager"},
        {"num_key_value_heads": 1, "tie_word_embeddings": True, "attention_bias": True},
    ],
)
def test_llama(options):
    model, ids = Logits(llama(**options)), tokens(2, 9)
    module = zq.compile_module(model, (ids,))
    assert not module.remarks
    with torch.no_grad():
        torch.testing.assert_close(module(ids), model(ids))


def test_llama_of_bf16():
    """As near to the exact result as PyTorch's own bf16, within a factor of two."""
    model, ids = Logits(llama()).bfloat16(), tokens(2, 9)
    module = zq.compile_module(model, (ids,))
    with torch.no_grad():
        exact = copy.deepcopy(model).double()(ids)
        pytorch = (model(ids).double() - exact).abs().mean()
    got = module(ids)
    assert got.dtype == torch.bfloat16
    assert (got.double() - exact).abs().mean() <= 2 * pytorch


class Cached(nn.Module):
    """A step of a decoder with a static cache, whose tensors are buffers."""

    def __init__(self, model, batch, length):
        super().__init__()
        self.model = model
        config = model.config
        self.cache = transformers.StaticCache(config=config, max_cache_len=length)
        width = config.hidden_size // config.num_attention_heads
        self.cache.early_initialization(
            batch, config.num_key_value_heads, width, torch.float32, torch.device("cpu")
        )
        for i, layer in enumerate(self.cache.layers):
            self.register_buffer(f"keys_{i}", layer.keys, persistent=False)
            self.register_buffer(f"values_{i}", layer.values, persistent=False)
            self.register_buffer(f"length_{i}", layer.cumulative_length, persistent=False)

    def forward(self, ids, position):
        for layer in self.cache.layers:
            layer.cumulative_length.copy_(position[0:1])
        return self.model(ids, past_key_values=self.cache, use_cache=True).logits


def test_llama_with_a_static_cache():
    model, ids = llama(), tokens(2, 9)
    with torch.no_grad():
        want = model(ids, use_cache=False).logits
    cached = Cached(model, 2, 16)
    # The prompt and a step are two programs on the same buffers.
    prompt = zq.compile_module(cached, (ids[:, :4], torch.arange(4)), strict=True)
    step = zq.compile_module(cached, (ids[:, :1], torch.arange(1)), strict=True)
    assert not prompt.remarks and not step.remarks
    torch.testing.assert_close(prompt(ids[:, :4], torch.arange(4)), want[:, :4])
    for i in range(4, 9):
        got = step(ids[:, i : i + 1], torch.tensor([i]))
        torch.testing.assert_close(got[:, 0], want[:, i])


@pytest.mark.parametrize("codecs", [None, "bf16_huff"])
def test_generation_by_torch_compile(codecs):
    """The same tokens as PyTorch, with weights that lose nothing."""
    model, ids = llama(), tokens(1, 5)
    for parameter in model.parameters():
        parameter.data = parameter.data.bfloat16().float()
    options = {
        "max_new_tokens": 6,
        "do_sample": False,
        "eos_token_id": None,
        "pad_token_id": 0,
        "attention_mask": torch.ones_like(ids),
    }
    with torch.no_grad():
        want = model.generate(ids, **options)
        model.forward = torch.compile(model.forward, backend="zq", options={"codecs": codecs})
        got = model.generate(ids, cache_implementation="static", disable_compile=True, **options)
    assert torch.equal(got, want)
    explanation = zq.explain(model)
    assert not explanation.remarks
    assert bool(explanation.rows) == (codecs is not None)


def test_vit():
    config = transformers.ViTConfig(
        hidden_size=48,
        num_hidden_layers=1,
        num_attention_heads=4,
        intermediate_size=96,
        image_size=32,
        patch_size=8,
    )
    model = transformers.ViTModel(config).eval()
    x = torch.randn(2, 3, 32, 32)
    module = zq.compile_module(model, (x,))
    assert not module.remarks
    with torch.no_grad():
        want = model(x).last_hidden_state
    torch.testing.assert_close(module(x).last_hidden_state, want)
    module = zq.compile_module(model, (x,), codecs={"embeddings.patch*": "int8_row"})
    name = "embeddings.patch_embeddings.projection.weight"
    assert module.weights[name].shape == (48, 3 * 8 * 8)
    assert module.explain().rows[0].fused


def test_gpt2():
    config = transformers.GPT2Config(vocab_size=101, n_embd=48, n_layer=2, n_head=4, n_positions=32)
    model, ids = Logits(transformers.GPT2LMHeadModel(config).eval()), tokens(2, 7)
    # Its matrices are stored with the inputs first.
    module = zq.compile_module(model, (ids,), codecs={"*.mlp.*.weight": "int8_row"})
    assert len(module.weights) == 4 and all(row.fused for row in module.explain().rows)
    with torch.no_grad():
        torch.testing.assert_close(
            module(ids), decoded(model, module.weights)(ids), rtol=1e-3, atol=1e-3
        )


def test_t5():
    config = transformers.T5Config(
        vocab_size=101, d_model=64, d_kv=16, d_ff=96, num_layers=2, num_heads=4
    )
    model, ids = transformers.T5EncoderModel(config).eval(), tokens(2, 7)
    module = zq.compile_module(model, (ids,))
    assert not module.remarks
    with torch.no_grad():
        want = model(ids).last_hidden_state
    torch.testing.assert_close(module(ids).last_hidden_state, want)


def test_mixture_of_experts():
    """Routing sorts, which runs in PyTorch, and data decides how many rows an expert gets."""
    config = transformers.MixtralConfig(
        vocab_size=101,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=1,
        num_attention_heads=4,
        num_key_value_heads=2,
        num_local_experts=4,
    )
    model, ids = Logits(transformers.MixtralForCausalLM(config).eval()), tokens(2, 7)
    module = zq.compile_module(model, (ids,))
    assert any("aten.topk.default runs in PyTorch" in remark for remark in module.remarks)
    with torch.no_grad():
        torch.testing.assert_close(module(ids), model(ids))
