"""A decoder of 100 million parameters with a KV cache generates what PyTorch does.

Random weights, so that nothing has to be downloaded; the architecture and the generation loop are
those of transformers.
"""

import copy

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

import zq  # noqa: E402
import zq.torch  # noqa: E402
from torch import nn  # noqa: E402

transformers.logging.set_verbosity_error()

NEW_TOKENS = 24
PROMPT = 12


@pytest.fixture(scope="module")
def decoder():
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=16000,
        hidden_size=768,
        intermediate_size=2048,
        num_hidden_layers=12,
        num_attention_heads=12,
        num_key_value_heads=4,
        max_position_embeddings=256,
        # Wide enough that the most likely token stands out as in a trained model.
        initializer_range=0.04,
    )
    model = transformers.LlamaForCausalLM(config).eval().requires_grad_(False)
    # Values of bf16, which lossless codecs hold.
    for parameter in model.parameters():
        parameter.copy_(parameter.bfloat16())
    assert 95e6 < sum(p.numel() for p in model.parameters()) < 105e6
    prompt = torch.randint(3, config.vocab_size, (1, PROMPT))
    return model, prompt


def generate(model, prompt, **more):
    """Greedy tokens, and the logits of each step."""
    result = model.generate(
        prompt,
        max_new_tokens=NEW_TOKENS,
        do_sample=False,
        eos_token_id=None,
        pad_token_id=0,
        attention_mask=torch.ones_like(prompt),
        return_dict_in_generate=True,
        output_logits=True,
        **more,
    )
    return result.sequences, torch.stack(result.logits)


def generate_by_zq(model, prompt, codecs):
    """With a static cache, whose updates and steps are compiled once for all tokens."""
    compiled = copy.deepcopy(model)
    compiled.forward = torch.compile(compiled.forward, backend="zq", options={"codecs": codecs})
    tokens, logits = generate(compiled, prompt, cache_implementation="static", disable_compile=True)
    explanation = zq.explain(compiled)
    assert not explanation.remarks, explanation.remarks
    return tokens, logits, {row.name: row for row in explanation.rows}


def test_lossless_weights_give_the_same_tokens(decoder):
    model, prompt = decoder
    with torch.no_grad():
        tokens, logits = generate(model, prompt)
        codec = ("bf16_window4", "bfloat16")
        got, got_logits, rows = generate_by_zq(model, prompt, {nn.Linear: codec})
    assert len(rows) == 12 * 7 + 1
    for name, row in rows.items():
        exact = model.get_parameter(name).bfloat16().view(torch.int16).numpy()
        assert (row.tensor.decode().view("int16") == exact).all(), name
        assert row.nbytes < 0.85 * exact.nbytes
    assert torch.equal(got, tokens)
    # Sums of up to 2048 products in another order, twelve layers deep.
    torch.testing.assert_close(got_logits, logits, atol=1e-3, rtol=1e-3)


def logit_bound(model, rows, ids, targets, accuracy):
    """The logits `targets` of the last position, exactly, and how far off they may be, to first
    order: six standard deviations of the sum of all roundings, taken as independent of each other
    (Higham and Mary, SIAM J. Sci. Comput. 41, 2019).

    There are two kinds. A weight differs from the model's by what encoding changed, which counts
    times the logit's gradient by the weight. And each of the K products in a sum of a linear layer
    is off by up to `accuracy` times the token's largest activation times the layer's largest
    weight, evenly spread, which counts times the gradient by the sum.
    """
    exact = copy.deepcopy(model).double().requires_grad_(True)
    outputs = {}

    def keep(name):
        def hook(layer, inputs, output):
            output.retain_grad()
            outputs[name] = (inputs[0].detach(), output)

        return hook

    for name, layer in exact.named_modules():
        if isinstance(layer, nn.Linear):
            layer.register_forward_hook(keep(name))
    changes = {
        name: torch.from_numpy(row.tensor.decode()).double() - model.get_parameter(name).double()
        for name, row in rows.items()
    }
    logits = exact(ids, use_cache=False).logits[0, -1]
    bounds = []
    for target in targets:
        exact.zero_grad()
        for _, output in outputs.values():
            output.grad = None
        logits[target].backward(retain_graph=True)
        variance = 0.0
        for name, change in changes.items():
            weight = exact.get_parameter(name)
            variance += (weight.grad * change).square().sum().item()
            given, output = outputs[name.removesuffix(".weight")]
            largest = given.abs().amax(-1, keepdim=True) * weight.abs().max()
            spread = accuracy * largest * (given.shape[-1] / 3) ** 0.5
            variance += (output.grad * spread).square().sum().item()
        bounds.append(6 * variance**0.5)
    return logits.detach()[targets], torch.tensor(bounds)


def test_8_bit_weights_stay_within_a_bound(decoder):
    model, prompt = decoder
    with torch.no_grad():
        _, logits, rows = generate_by_zq(model, prompt, {nn.Linear: "int8_g128"})
    first = logits[0, 0].double()
    # The likeliest tokens, and some others.
    targets = torch.cat([first.topk(4).indices, torch.tensor([5, 4000, 15999])])
    exact, bounds = logit_bound(model, rows, prompt, targets, accuracy=5e-5)
    differences = (first[targets] - exact).abs()
    print("differences", differences, "bounds", bounds)
    assert (differences <= bounds).all(), (differences, bounds)
    # The bound is no idle one: it is far below the likeliest token's logit ...
    assert (bounds < exact.max() / 4).all(), bounds
    # ... and one layer of 84 that is half as large again breaks it.
    with torch.no_grad():
        broken = copy.deepcopy(model)
        broken.model.layers[6].mlp.down_proj.weight.mul_(1.5)
        wrong = broken(prompt).logits[0, -1].double()[targets]
    assert ((wrong - exact).abs() > bounds).any(), ((wrong - exact).abs(), bounds)
