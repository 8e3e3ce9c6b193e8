"""The table of what is measured, and what each case shall reach."""

import dataclasses

# Weights n x k of y[m,n] = x[m,k] w[n,k]^T: the feed-forward block of Llama 3 8B.
SHAPE = (14336, 4096)

# By compute domain: --accuracy, the error that the compiler may make in a product,
# relative to the largest activation times the largest weight, by which it picks the
# domain; and the relative error that the result is held to.
DOMAINS = {
    "int8": (1e-2, 1.5e-2),
    "bf16": (2e-3, 4e-3),
    # Both operands rounded to bf16, once.
    "bf16x1": (8e-3, 4e-3),
    # The activations rounded once. 8-bit integers, which are faster than dots of
    # bf16, may lose a little more.
    "bf16x1 dots": (3.92e-3, 4e-3),
    "f32-like": (5e-5, 5e-5),
    "f32": (0.0, 0.0),
}

# What a result is held to where nothing may be approximated: the products are exact
# or f32, their sums f32 in any order.
EXACT_ALLOWED = 1e-5

# A CPU with the vector instructions that products are held against, and without
# matrix tiles.
VECTORS = "icelake-server"

# A CPU with dots of bf16 as well.
DOTS = "znver4"

INT4_G32 = "int4_g32"
INT4_G128 = "int4_g128"

# A codec that nobody has a kernel for.
ODD = (
    "scale<1x48, f8E5M2>, lookup<[-8.0, -5.0, -3.0, -1.75, -0.75, 0.0, 0.75, 1.75, "
    "3.0, 5.0, 8.0]>, pack"
)

FOUR_BIT = {
    "nvfp4": "nvfp4",
    "mxfp4": "mxfp4",
    "nf4": "nf4",
    "int4_g32": INT4_G32,
    "int4_g128": INT4_G128,
}

OTHER_WIDTHS = {
    "int8_g128": ("int8_g128", 0.97),
    "int6_g32": ("scale<1x32, f16>, quantize<si6>, pack", 0.90),
    "int5_g32": ("scale<1x32, f16>, quantize<si5>, pack", 0.90),
    "int3_g32": ("scale<1x32, f16>, quantize<si3>, pack", 0.90),
    "int2_g32": ("scale<1x32, f16>, quantize<si2>, pack", 0.90),
    "ternary_2bit": ("tq2_0", 0.90),
    "ternary_radix3": ("ternary", 0.90),
}

# Codecs and ggml's types of the same contents.
GGML_TYPES = {
    "q4_0": "q4_0",
    "q4_k": "q4_K",
    "iq4_nl": "iq4_nl",
    "mxfp4": "mxfp4",
    "nvfp4": "nvfp4",
    "q8_0": "q8_0",
    "q6_k": "q6_K",
    "tq2_0": "tq2_0",
}


@dataclasses.dataclass(frozen=True)
class Product:
    """A product with compressed or, without a codec, dense weights."""

    m: int
    codec: str = None
    domain: str = "f32"
    x: str = "f32"
    w: str = "f32"
    cpu: str = "host"

    @property
    def allowed(self):
        """The relative error that its result may have."""
        return max(DOMAINS[self.domain][1], EXACT_ALLOWED)


@dataclasses.dataclass(frozen=True)
class Hadamard:
    """Rows of k values that, with the result, lie in half of the L2 cache."""

    k: int
    signs: bool = False


@dataclasses.dataclass(frozen=True)
class Bytes:
    """Exponents of bf16 under register rANS, decoded in the L2 cache: to a byte
    each ("i8"), or, with signs and mantissas, to bf16 again ("bf16")."""

    result: str
    n: int = 64
    k: int = 4096


@dataclasses.dataclass(frozen=True)
class CompileTime:
    """zq-compile from text to an object file, in one process."""

    product: Product
    allowed_ms: float = 150


@dataclasses.dataclass(frozen=True)
class Case:
    """Something timed against something else.

    `against` is "read", "l2", "peak:KIND", "time", a Product, or a peer's name with
    its type and allowed error. The ratio is of the rates in `unit`: "bytes", "flop",
    or "calls". A target is a ratio; where it is known as a rate, `target_rate` in
    units a second and core, and the target is its ratio to the limit.
    """

    name: str
    what: object
    against: object
    unit: str = "bytes"
    target: float = None
    target_rate: float = None
    threads: tuple = (1, 2)
    peer: str = None
    note: str = None

    def label(self, threads):
        return f"{self.name}, {threads} thread{'s' if threads > 1 else ''}"


@dataclasses.dataclass(frozen=True)
class Peer:
    """Another library's product. Errors are against the dense weights."""

    library: str
    type: str
    m: int
    allowed: float


def _vector_cases():
    """Products with one row of activations, against reading the weights."""
    for domain, target in (("int8", 0.95), ("bf16", 0.90), ("f32-like", 0.80)):
        for name, codec in FOUR_BIT.items():
            goal = 0.98 if domain == "int8" and name.startswith("int4") else target
            product = Product(1, codec, domain)
            yield Case(f"{name} m=1 {domain}", product, "read", target=goal)
    for name, (codec, target) in OTHER_WIDTHS.items():
        product = Product(1, codec, "int8")
        yield Case(f"{name} m=1 int8", product, "read", target=target)
    odd, int4 = Product(1, ODD, "int8"), Product(1, INT4_G32, "int8")
    yield Case("table11_g48 m=1 int8", odd, int4, target=0.90, peer="zq int4_g32")
    rotated = Product(1, "int4_h128", "int8")
    int4 = Product(1, INT4_G128, "int8")
    yield Case("int4_h128 m=1 int8", rotated, int4, target=0.90, peer="zq int4_g128")


def _matrix_cases():
    """Products with several rows of activations, against the arithmetic."""
    for name in ("nvfp4", "mxfp4", "int4_g32"):
        product = Product(8, FOUR_BIT[name], "int8")
        yield Case(f"{name} m=8 int8", product, "peak:int8", "flop", target_rate=340e9)
    for name in ("nvfp4", "mxfp4", "int4_g32"):
        product = Product(512, FOUR_BIT[name], "bf16x1 dots", cpu=DOTS)
        yield Case(f"{name} m=512 bf16x1 dots", product, "peak:bf16 dots", "flop", 0.90)
    # The same for a CPU that has no dots, in integers.
    for name in ("nvfp4", "mxfp4", "int4_g32"):
        product = Product(512, FOUR_BIT[name], "bf16", cpu=VECTORS)
        yield Case(f"{name} m=512 bf16 without dots", product, "peak:bf16", "flop")
    for name in ("nvfp4", "mxfp4", "int4_g32"):
        product = Product(512, FOUR_BIT[name], "int8", cpu=VECTORS)
        yield Case(f"{name} m=512 int8", product, "peak:int8", "flop", 0.75)
    tiles = [(m, "bf16x1") for m in (32, 128, 512)] + [(512, "f32-like")]
    for m, domain in tiles:
        for name in ("nvfp4", "int4_g32"):
            product = Product(m, FOUR_BIT[name], domain)
            against = "peak:bf16 tiles"
            yield Case(f"{name} m={m} {domain} tiles", product, against, "flop")


def _lossless_cases():
    # Products of bf16 are exact; those below f32's normal numbers are not.
    dense = Product(1, None, "f32-like", "bf16", "bf16")
    for bits, target in ((4, 1.25), (3, 1.2)):
        product = Product(1, f"bf16_window{bits}", "f32-like", "bf16", "bf16")
        yield Case(
            f"bf16_window{bits} m=1", product, dense, "calls", target, peer="zq bf16"
        )
    # What it is for is size: no target.
    df11 = Product(1, "df11", "f32-like", "bf16", "bf16")
    yield Case("df11 m=1", df11, dense, "calls", peer="zq bf16")
    raw = Product(1, INT4_G32, "int8")
    rans = Product(1, "int4_rans", "int8")
    # What the compiler's remark on the weights says, which holds 64 codes of 4 bits
    # against the 29 vector instructions that decoding them takes as long as.
    yield Case(
        "int4_rans m=1 int8",
        rans,
        raw,
        "calls",
        peer="zq int4_g32",
        note="the cost model: coded wins where memory gives a core below 7 GB/s",
    )
    # The target is of symbols to bytes, with the rest of a bf16 stored beside them
    # (8 bits of the 10.62). To bf16 again that rest is read too, and twice as many
    # bytes are written: no target.
    yield Case(
        "register rANS exponents to bytes",
        Bytes("i8"),
        "l2",
        target_rate=12e9,
        threads=(1,),
        note="a byte of the rate is a symbol",
    )
    yield Case(
        "register rANS exponents to bf16",
        Bytes("bf16"),
        "l2",
        threads=(1,),
        note="a byte of the rate is an exponent, which becomes a bf16 with sign and "
        "mantissa",
    )


def _dense_cases():
    f32, bf16 = Product(1), Product(1, None, "f32-like", "bf16", "bf16")
    yield Case("f32 m=1", f32, "read")
    yield Case("bf16 m=1", bf16, "read")
    for m in (8, 512):
        yield Case(f"f32 m={m}", Product(m), "peak:f32", "flop")
        # Products of bf16 are exact; those below f32's normal numbers are not.
        product = Product(m, None, "f32-like", "bf16", "bf16", cpu=VECTORS)
        yield Case(f"bf16 m={m}", product, "peak:bf16", "flop")
        product = Product(m, None, "f32-like", "bf16", "bf16", cpu=DOTS)
        goal = 0.90 if m == 512 else None
        yield Case(f"bf16 m={m} dots", product, "peak:bf16 dots", "flop", goal)
        product = Product(m, None, "f32-like", "bf16", "bf16")
        yield Case(f"bf16 m={m} tiles", product, "peak:bf16 tiles", "flop")


def _other_cases():
    for k, rate in ((128, 31e9), (1024, 23e9), (4096, 19e9)):
        yield Case(f"hadamard {k}", Hadamard(k), "l2", target_rate=rate, threads=(1,))
        # As codecs have them; what the targets are from had none.
        signed = Hadamard(k, signs=True)
        yield Case(f"hadamard {k} with signs", signed, "l2", threads=(1,))
    # The one-row product has the target; the others have longer unrolled loops.
    compiled = {
        "compile one matmul": (Product(1, "nvfp4", "int8"), 1.0),
        "compile one matmul m=8": (Product(8, "nvfp4", "int8"), None),
        "compile one matmul m=512": (Product(512, "nvfp4", "bf16x1 dots"), None),
        "compile one matmul m=512 int8": (Product(512, "nvfp4", "int8"), None),
    }
    for name, (product, goal) in compiled.items():
        what = CompileTime(product)
        yield Case(name, what, "time", target=goal, threads=(1,), peer="150 ms")


def _peer_cases():
    """The same product by other libraries; a ratio above 1 is faster than they."""

    def case(name, product, library, kind, allowed):
        peer = Peer(library, kind, product.m, allowed)
        return Case(name, product, peer, "calls", peer=f"{library} {kind}")

    for m in (1, 512):
        yield case(f"f32 m={m}", Product(m), "torch linear", "f32", 1e-5)
        # The default accuracy, which nobody has to ask for.
        bf16 = Product(m, None, "f32-like", "bf16", "bf16")
        yield case(f"bf16 m={m}", bf16, "torch linear", "bf16", 1e-2)
        int8 = Product(m, "int8_row", "int8")
        yield case(f"int8_row m={m} int8", int8, "torch int8", "int8", 3e-2)
    for m in (1, 8):
        int4 = Product(m, INT4_G32, "bf16")
        yield case(f"int4_g32 m={m} bf16", int4, "torch int4", "int4", 0.2)
    # Decoding inside, against dense weights that are bf16 already.
    for name in ("nvfp4", "int4_g32"):
        rounded = Product(512, FOUR_BIT[name], "bf16x1 dots")
        yield case(f"{name} m=512 bf16x1", rounded, "torch linear", "bf16", 1e-2)
    yield case("f32 m=512", Product(512), "openblas", "f32", 1e-5)
    for m in (1, 8, 512):
        for name, kind in GGML_TYPES.items():
            if m == 1 or kind in ("q4_0", "nvfp4"):
                product = Product(m, name, "int8")
                yield case(f"{name} m={m} int8", product, "ggml", kind, 1.0)


def all_cases(peers):
    """Every case in order, those against other libraries only with `peers`."""
    yield from _vector_cases()
    yield from _matrix_cases()
    yield from _lossless_cases()
    yield from _dense_cases()
    yield from _other_cases()
    if peers:
        yield from _peer_cases()
