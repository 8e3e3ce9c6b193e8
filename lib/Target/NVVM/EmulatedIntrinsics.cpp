//===- EmulatedIntrinsics.cpp - The emulator's functions for intrinsics ---===//
//
// For those intrinsics that have no op in the NVVM dialect.
//
//===----------------------------------------------------------------------===//
#include "EmulatedOps.h"
#include "Emulator/Site.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace mlir::zq;
namespace emulator = ::zq::emulator;

static emulator::Format parseFormat(StringRef name) {
  return llvm::StringSwitch<emulator::Format>(name)
      .Case("f16", emulator::F16)
      .Case("bf16", emulator::BF16)
      .Case("tf32", emulator::TF32)
      .Case("f32", emulator::F32)
      .Case("s32", emulator::S32)
      .Case("s8", emulator::S8)
      .Case("u8", emulator::U8)
      .Case("e4m3", emulator::E4M3)
      .Case("e5m2", emulator::E5M2)
      .Case("e2m3", emulator::E2M3)
      .Case("e3m2", emulator::E3M2)
      .Case("e2m1", emulator::E2M1)
      .Case("ue8m0", emulator::UE8M0)
      .Case("ue4m3", emulator::UE4M3)
      .Default(emulator::NoFormat);
}

using Words = SmallVector<StringRef, 16>;
/// A call without its operands.
using Match = std::optional<EmulatedCall>;

static Match makeMatch(StringRef function, ArrayRef<int32_t> attributes) {
  return EmulatedCall{function.str(), SmallVector<int32_t, 12>(attributes), {}};
}

/// mma.m16n8k32.row.col[.kind.f8f6f4][.satfinite].D.A.B.C, and the short forms
/// with one type where all are alike.
static Match matchMma(const Words &words) {
  if (words.size() < 5 || words[0] != "mma" || words[2] != "row" ||
      words[3] != "col")
    return std::nullopt;
  StringRef shape = words[1];
  unsigned depth;
  if (!shape.consume_front("m16n8k") || shape.getAsInteger(10, depth))
    return std::nullopt;
  SmallVector<emulator::Format> formats;
  bool isInBytes = false, saturates = false;
  for (size_t i = 4; i < words.size(); ++i) {
    if (words[i] == "kind" && i + 1 < words.size() && words[i + 1] == "f8f6f4")
      isInBytes = true, ++i;
    else if (words[i] == "satfinite")
      saturates = true;
    else if (auto format = parseFormat(words[i]))
      formats.push_back(format);
    else
      return std::nullopt;
  }
  // D, A, B, C; D and C (f16); or A (and B) with one accumulator's type.
  using namespace emulator;
  if (formats.size() == 2 && formats[0] != S8 && formats[0] != U8)
    formats = {formats[0], F16, F16, formats[1]};
  else if (formats.size() == 1 && (formats[0] == BF16 || formats[0] == TF32))
    formats = {F32, formats[0], formats[0], F32};
  else if (formats.size() == 1 && (formats[0] == S8 || formats[0] == U8))
    formats = {S32, formats[0], formats[0], S32};
  else if (formats.size() == 2)
    formats = {S32, formats[0], formats[1], S32};
  if (formats.size() != 4)
    return std::nullopt;
  return makeMatch("mma_sync", {int32_t(depth), formats[1], formats[2],
                                formats[3], formats[0], saturates, isInBytes});
}

/// Conversions: ff.to.e4m3x2.rn[.relu][.satfinite], e4m3x2.to.f16x2.rn[.relu],
/// ff2bf16x2.rn, bf16x2.to.ue8m0x2.rz.
static Match matchConversion(const Words &words) {
  using namespace emulator;
  StringRef source = words[0], result;
  size_t next = 1;
  if (source.consume_front("ff2")) {
    result = source;
    source = "ff";
  } else if (words.size() > 2 && words[1] == "to") {
    result = words[2];
    next = 3;
  } else {
    return std::nullopt;
  }
  if (!result.consume_back("x2"))
    return std::nullopt;
  Format from = source == "ff"              ? F32
                : source.consume_back("x2") ? parseFormat(source)
                                            : NoFormat;
  Format to = parseFormat(result);
  if (from == NoFormat || to == NoFormat)
    return std::nullopt;
  Rounding rounding = RoundNearest;
  bool clamps = false, saturates = false;
  for (; next < words.size(); ++next) {
    if (words[next] == "rn")
      rounding = RoundNearest;
    else if (words[next] == "rz")
      rounding = RoundZero;
    else if (words[next] == "rp")
      rounding = RoundUp;
    else if (words[next] == "relu")
      clamps = true;
    else if (words[next] == "satfinite")
      saturates = true;
    else
      return std::nullopt;
  }
  bool isToHalf = to == F16 || to == BF16;
  if (isToHalf && source != "ff")
    return makeMatch("cvt_unpack", {from, to, clamps});
  // Conversions to fp8 always saturate, and their names do not say so.
  return makeMatch("cvt_pack",
                   {from, to, rounding, saturates || !isToHalf, clamps});
}

/// ex2.approx[.ftz][.f, .f32] and the like.
static Match matchApproximation(const Words &words) {
  if (words.size() < 2 || words[1] != "approx" ||
      !llvm::is_contained(
          {"ex2", "lg2", "rsqrt", "sqrt", "rcp", "sin", "cos", "tanh"},
          words[0]))
    return std::nullopt;
  bool flushes = false;
  for (StringRef word : ArrayRef(words).drop_front(2)) {
    if (word == "ftz")
      flushes = true;
    else if (word != "f" && word != "f32")
      return std::nullopt;
  }
  return makeMatch((words[0] + "_approx").str(), {flushes});
}

/// fma.rn.bf16x2 and the like.
static Match matchFused(const Words &words) {
  if (words.size() != 3 || words[0] != "fma" || words[1] != "rn")
    return std::nullopt;
  StringRef type = words[2];
  int32_t count = type.consume_back("x2") ? 2 : 1;
  emulator::Format format = parseFormat(type);
  if (format != emulator::F16 && format != emulator::BF16)
    return std::nullopt;
  return makeMatch("fma_half", {format, count});
}

/// Those that stand for one call each.
static Match matchName(StringRef name) {
  using namespace emulator;
  struct Row {
    StringRef name, function;
    SmallVector<int32_t, 4> attributes;
  };
  static const Row rows[] = {
      {"barrier0", "barrier", {}},
      {"barrier.cta.sync.aligned.all", "barrier", {0, 0, 1}},
      {"barrier.cta.sync.aligned.count", "barrier", {0, 0, 1, 1}},
      {"barrier.cta.sync.all", "barrier", {0, 0, 1}},
      {"barrier.cta.sync.count", "barrier", {0, 0, 1, 1}},
      {"barrier.cta.arrive.aligned.count", "barrier", {1, 0, 1, 1}},
      {"bar.warp.sync", "bar_warp_sync", {}},
      {"prmt", "prmt", {0, 1}},
      {"idp4a.s.s", "dot_accumulate", {1, 1, 8, 0}},
      {"idp4a.s.u", "dot_accumulate", {1, 0, 8, 0}},
      {"idp4a.u.s", "dot_accumulate", {0, 1, 8, 0}},
      {"idp4a.u.u", "dot_accumulate", {0, 0, 8, 0}},
      {"shfl.sync.bfly.i32", "shfl_sync", {ShuffleXor, 0}},
      {"shfl.sync.bfly.f32", "shfl_sync", {ShuffleXor, 0}},
      {"shfl.sync.up.i32", "shfl_sync", {ShuffleUp, 0}},
      {"shfl.sync.up.f32", "shfl_sync", {ShuffleUp, 0}},
      {"shfl.sync.down.i32", "shfl_sync", {ShuffleDown, 0}},
      {"shfl.sync.down.f32", "shfl_sync", {ShuffleDown, 0}},
      {"shfl.sync.idx.i32", "shfl_sync", {ShuffleIndex, 0}},
      {"shfl.sync.idx.f32", "shfl_sync", {ShuffleIndex, 0}},
      {"vote.any.sync", "vote_sync", {VoteAny}},
      {"vote.all.sync", "vote_sync", {VoteAll}},
      {"vote.uni.sync", "vote_sync", {VoteUniform}},
      {"vote.ballot.sync", "vote_sync", {VoteBallot}},
      {"elect.sync", "elect_sync", {1, 1}},
      {"cp.async.commit.group", "cp_async_commit_group", {}},
      {"cp.async.wait.all", "cp_async_wait_group", {-1}},
      {"membar.cta", "fence", {}},
      {"membar.gl", "fence", {}},
      {"membar.sys", "fence", {}},
      {"fence.proxy.async", "fence_proxy_async", {}},
      {"fence.proxy.async.shared_cta", "fence_proxy_async", {}},
      {"fence.mbarrier_init.release.cluster", "fence", {}},
      {"griddepcontrol.wait", "nothing", {}},
      {"griddepcontrol.launch.dependents", "nothing", {}},
  };
  for (const Row &row : rows)
    if (row.name == name)
      return makeMatch(row.function, row.attributes);
  return std::nullopt;
}

FailureOr<EmulatedCall> mlir::zq::getEmulatedIntrinsic(Operation *op,
                                                       StringRef name) {
  StringRef rest = name;
  (void)rest.consume_front("llvm.nvvm.");
  Match match = matchName(rest);
  if (rest.starts_with("read.ptx.sreg.")) {
    StringRef reg = rest.drop_front(strlen("read.ptx.sreg."));
    match = makeMatch("sreg_" + llvm::join(llvm::split(reg, '.'), "_"), {});
  }
  Words words;
  rest.split(words, '.');
  for (auto tryMatch :
       {matchMma, matchConversion, matchApproximation, matchFused})
    if (!match)
      match = tryMatch(words);
  if (!match)
    return op->emitError("the emulator has no semantics for '") << name << "'";
  match->operands = SmallVector<Value>(op->getOperands());
  return *match;
}
