//===- EmulatedOps.cpp - Which function of the emulator runs an op --------===//
//
// One line or a few for each op: the function's name, its attributes as
// lib/Target/NVVM/Emulator says them at the function, and its operands.
//
//===----------------------------------------------------------------------===//
#include "EmulatedCalls.h"

#include "Emulator/Site.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::zq;
namespace emulator = ::zq::emulator;

static emulator::Format getFormat(NVVM::MMATypes type) {
  switch (type) {
  case NVVM::MMATypes::f16:
    return emulator::F16;
  case NVVM::MMATypes::bf16:
    return emulator::BF16;
  case NVVM::MMATypes::tf32:
    return emulator::TF32;
  case NVVM::MMATypes::f32:
    return emulator::F32;
  case NVVM::MMATypes::s32:
    return emulator::S32;
  case NVVM::MMATypes::s8:
    return emulator::S8;
  case NVVM::MMATypes::u8:
    return emulator::U8;
  case NVVM::MMATypes::e4m3:
    return emulator::E4M3;
  case NVVM::MMATypes::e5m2:
    return emulator::E5M2;
  case NVVM::MMATypes::e2m3:
    return emulator::E2M3;
  case NVVM::MMATypes::e3m2:
    return emulator::E3M2;
  case NVVM::MMATypes::e2m1:
    return emulator::E2M1;
  default:
    return emulator::NoFormat;
  }
}

static emulator::Format getFormat(Type type) {
  return TypeSwitch<Type, emulator::Format>(type)
      .Case([](Float8E4M3FNType) { return emulator::E4M3; })
      .Case([](Float8E5M2Type) { return emulator::E5M2; })
      .Case([](Float8E8M0FNUType) { return emulator::UE8M0; })
      .Case([](Float6E2M3FNType) { return emulator::E2M3; })
      .Case([](Float6E3M2FNType) { return emulator::E3M2; })
      .Case([](Float4E2M1FNType) { return emulator::E2M1; })
      .Case([](Float16Type) { return emulator::F16; })
      .Case([](BFloat16Type) { return emulator::BF16; })
      .Case([](Float32Type) { return emulator::F32; })
      .Default([](Type) { return emulator::NoFormat; });
}

/// A rounding that conversions have, or nothing.
static std::optional<emulator::Rounding>
getRounding(NVVM::FPRoundingMode rounding) {
  switch (rounding) {
  case NVVM::FPRoundingMode::NONE:
  case NVVM::FPRoundingMode::RN:
    return emulator::RoundNearest;
  case NVVM::FPRoundingMode::RZ:
    return emulator::RoundZero;
  case NVVM::FPRoundingMode::RP:
    return emulator::RoundUp;
  case NVVM::FPRoundingMode::RM:
    return emulator::RoundDown;
  default:
    return std::nullopt;
  }
}

//===----------------------------------------------------------------------===//
// Families
//===----------------------------------------------------------------------===//

static FailureOr<EmulatedCall> getRegister(Operation *op) {
  StringRef name = op->getName().stripDialect();
  (void)name.consume_front("read.ptx.sreg.");
  std::string function = "sreg_" + llvm::join(llvm::split(name, '.'), "_");
  // In a cluster of one CTA there is no more to say.
  StringRef same = llvm::StringSwitch<StringRef>(name)
                       .Cases({"cluster.ctaid.x", "cluster.ctaid.y",
                               "cluster.ctaid.z", "cluster.ctarank"},
                              "sreg_cluster_ctaid")
                       .Cases({"cluster.nctaid.x", "cluster.nctaid.y",
                               "cluster.nctaid.z", "cluster.nctarank"},
                              "sreg_cluster_nctaid")
                       .Default(function);
  return makeCall(op, same);
}

static FailureOr<EmulatedCall> getMma(NVVM::MmaOp op) {
  auto a = op.getMultiplicandAPtxType(), b = op.getMultiplicandBPtxType();
  if (!a || !b)
    return refuse(op, "without the types of A and B");
  auto shape = op.getShape();
  emulator::Format formats[] = {getFormat(*a), getFormat(*b),
                                getFormat(op.accumPtxType()),
                                getFormat(op.resultPtxType())};
  if (shape.getM() != 16 || shape.getN() != 8 || op.getB1Op() ||
      op.getLayoutA() != NVVM::MMALayout::row ||
      op.getLayoutB() != NVVM::MMALayout::col ||
      llvm::is_contained(formats, emulator::NoFormat))
    return refuse(op, "of this shape, layout or type");
  bool wraps = op.getIntOverflowBehavior() == NVVM::MMAIntOverflow::wrapped;
  bool isInteger = formats[3] == emulator::S32;
  return makeCall(op, "mma_sync",
                  {int32_t(shape.getK()), formats[0], formats[1], formats[2],
                   formats[3], isInteger && !wraps, /*isInBytes=*/0});
}

static FailureOr<EmulatedCall> getScaledMma(NVVM::MmaBlockScaleOp op) {
  auto a = op.getMultiplicandAPtxType(), b = op.getMultiplicandBPtxType();
  if (!a || !b)
    return refuse(op, "without the types of A and B");
  int32_t scales = op.getScaleVecSize() == NVVM::ScaleVecSize::X1   ? 1
                   : op.getScaleVecSize() == NVVM::ScaleVecSize::X2 ? 2
                                                                    : 4;
  bool isInBytes = op.getKind() == NVVM::MMABlockScaleKind::MXF8F6F4;
  auto scaleFormat = op.getBlockScaleFormat() == NVVM::BlockScaleFormat::UE8M0
                         ? emulator::UE8M0
                         : emulator::UE4M3;
  return makeCall(op, "mma_block_scale",
                  {int32_t(op.getShape().getK()), getFormat(*a), getFormat(*b),
                   scales, scaleFormat, isInBytes});
}

static FailureOr<EmulatedCall> getMatrixMove(Operation *op, StringRef function,
                                             int32_t count,
                                             NVVM::MMALayout layout,
                                             NVVM::LdStMatrixShapeAttr shape,
                                             NVVM::LdStMatrixEltType type) {
  bool isTransposed = layout == NVVM::MMALayout::col;
  emulator::MatrixKind kind;
  switch (type) {
  case NVVM::LdStMatrixEltType::B16:
    kind = emulator::Matrix8x8b16;
    break;
  case NVVM::LdStMatrixEltType::B8X16_B6X16_P32:
    kind = emulator::Matrix8x16b6;
    break;
  case NVVM::LdStMatrixEltType::B8X16_B4X16_P64:
    kind = emulator::Matrix8x16b4;
    break;
  default:
    kind = emulator::Matrix16x8b8;
    break;
  }
  if (kind == emulator::Matrix16x8b8 || (shape && shape.getM() != 8))
    return refuse(op, "of bytes in matrices of 16 rows: their layout is open");
  return makeCall(op, function, {count, isTransposed, kind});
}

static FailureOr<EmulatedCall> getRedux(NVVM::ReduxOp op) {
  emulator::Reduction reduction;
  switch (op.getKind()) {
  case NVVM::ReduxKind::ADD:
    reduction = emulator::ReduceAdd;
    break;
  case NVVM::ReduxKind::AND:
    reduction = emulator::ReduceAnd;
    break;
  case NVVM::ReduxKind::MAX:
    reduction = emulator::ReduceMax;
    break;
  case NVVM::ReduxKind::MIN:
    reduction = emulator::ReduceMin;
    break;
  case NVVM::ReduxKind::OR:
    reduction = emulator::ReduceOr;
    break;
  case NVVM::ReduxKind::UMAX:
    reduction = emulator::ReduceUMax;
    break;
  case NVVM::ReduxKind::UMIN:
    reduction = emulator::ReduceUMin;
    break;
  case NVVM::ReduxKind::XOR:
    reduction = emulator::ReduceXor;
    break;
  case NVVM::ReduxKind::FMIN:
    reduction = emulator::ReduceFMin;
    break;
  case NVVM::ReduxKind::FMAX:
    reduction = emulator::ReduceFMax;
    break;
  }
  return makeCall(op, "redux_sync", {reduction, op.getAbs(), op.getNan()});
}

static FailureOr<EmulatedCall> getBarrier(NVVM::BarrierOp op) {
  int32_t reduction = 0;
  if (auto kind = op.getReductionOp())
    reduction = *kind == NVVM::BarrierReduction::POPC  ? emulator::ReducePopc
                : *kind == NVVM::BarrierReduction::AND ? emulator::ReduceAll
                                                       : emulator::ReduceAny;
  return makeCall(op, "barrier",
                  {/*arrives only=*/0, reduction, bool(op.getBarrierId()),
                   bool(op.getNumberOfThreads()),
                   bool(op.getReductionPredicate())});
}

/// To a pair of small floats.
template <typename Op>
static FailureOr<EmulatedCall> getPack(Op op, Type source, Type result,
                                       NVVM::FPRoundingMode rounding,
                                       bool saturates, bool clamps) {
  auto mode = getRounding(rounding);
  if (!mode || getFormat(result) == emulator::NoFormat)
    return refuse(op, "with this rounding or type");
  return makeCall(
      op, "cvt_pack",
      {getFormat(source), getFormat(result), *mode, saturates, clamps});
}

template <typename Op>
static FailureOr<EmulatedCall> getUnpack(Op op, Type source, bool clamps) {
  Type result = cast<VectorType>(op.getDst().getType()).getElementType();
  if (getFormat(source) == emulator::NoFormat)
    return refuse(op, "of this type");
  return makeCall(op, "cvt_unpack",
                  {getFormat(source), getFormat(result), clamps});
}

//===----------------------------------------------------------------------===//
// All of them
//===----------------------------------------------------------------------===//

static Lookup lookupWarpOp(Operation *op) {
  return TypeSwitch<Operation *, Lookup>(op)
      .Case([](NVVM::MmaOp op) { return getMma(op); })
      .Case([](NVVM::MmaBlockScaleOp op) { return getScaledMma(op); })
      .Case([](NVVM::LdMatrixOp op) {
        return getMatrixMove(op, "ldmatrix", op.getNum(), op.getLayout(),
                             op.getShapeAttr(), op.getEltType());
      })
      .Case([](NVVM::StMatrixOp op) {
        return getMatrixMove(op, "stmatrix", op.getSources().size(),
                             op.getLayout(), op.getShapeAttr(),
                             op.getEltType());
      })
      .Case([](NVVM::ShflOp op) {
        static_assert(int(NVVM::ShflKind::bfly) == emulator::ShuffleXor &&
                      int(NVVM::ShflKind::up) == emulator::ShuffleUp &&
                      int(NVVM::ShflKind::down) == emulator::ShuffleDown &&
                      int(NVVM::ShflKind::idx) == emulator::ShuffleIndex);
        return makeCall(
            op, "shfl_sync",
            {int32_t(op.getKind()), bool(op.getReturnValueAndIsValid())});
      })
      .Case([](NVVM::VoteSyncOp op) {
        static_assert(int(NVVM::VoteSyncKind::any) == emulator::VoteAny &&
                      int(NVVM::VoteSyncKind::all) == emulator::VoteAll &&
                      int(NVVM::VoteSyncKind::ballot) == emulator::VoteBallot &&
                      int(NVVM::VoteSyncKind::uni) == emulator::VoteUniform);
        return makeCall(op, "vote_sync", {int32_t(op.getKind())});
      })
      .Case([](NVVM::ReduxOp op) { return getRedux(op); })
      .Case([](NVVM::MatchSyncOp op) {
        return makeCall(op, "match_sync",
                        {op.getKind() == NVVM::MatchSyncKind::all,
                         op.getVal().getType().isInteger(64)});
      })
      .Case([](NVVM::ElectSyncOp op) {
        return makeCall(op, "elect_sync", {bool(op.getMembermask()), 0});
      })
      .Case([](NVVM::SyncWarpOp op) { return makeCall(op, "bar_warp_sync"); })
      .Default([](Operation *) { return std::nullopt; });
}

static Lookup lookupThreadOp(Operation *op) {
  MLIRContext *context = op->getContext();
  Type f32 = Float32Type::get(context);
  return TypeSwitch<Operation *, Lookup>(op)
      .Case([](NVVM::PermuteOp op) {
        return makeCall(op, "prmt", {int32_t(op.getMode()), bool(op.getHi())});
      })
      .Case([](NVVM::RcpApproxFtzF32Op op) {
        return makeCall(op, "rcp_approx", {1});
      })
      .Case([](NVVM::DotAccumulate4WayOp op) {
        return makeCall(op, "dot_accumulate",
                        {op.getAType() == NVVM::DotAccumulateType::SIGNED,
                         op.getBType() == NVVM::DotAccumulateType::SIGNED, 8,
                         0});
      })
      .Case([](NVVM::DotAccumulate2WayOp op) {
        return makeCall(op, "dot_accumulate",
                        {op.getAType() == NVVM::DotAccumulateType::SIGNED,
                         op.getBType() == NVVM::DotAccumulateType::SIGNED, 16,
                         op.getBHi() ? 2 : 0});
      })
      .Case([&](NVVM::ConvertF32x2ToF4x2Op op) {
        return getPack(op, f32, op.getDstTy(), NVVM::FPRoundingMode::RN, true,
                       op.getRelu());
      })
      .Case([&](NVVM::ConvertF32x2ToF6x2Op op) {
        return getPack(op, f32, op.getDstTy(), NVVM::FPRoundingMode::RN, true,
                       op.getRelu());
      })
      .Case([&](NVVM::ConvertF32x2ToF8x2Op op) {
        return getPack(op, f32, op.getDstTy(), op.getRnd(),
                       op.getSat() == NVVM::SaturationMode::SATFINITE,
                       op.getRelu());
      })
      .Case([&](NVVM::ConvertF16x2ToF8x2Op op) {
        return getPack(op, Float16Type::get(context), op.getDstTy(),
                       NVVM::FPRoundingMode::RN, true, op.getRelu());
      })
      .Case([&](NVVM::ConvertBF16x2ToF8x2Op op) {
        return getPack(op, BFloat16Type::get(context), op.getDstTy(),
                       op.getRnd(),
                       op.getSat() == NVVM::SaturationMode::SATFINITE, false);
      })
      .Case([&](NVVM::ConvertF32x2ToF16x2Op op) {
        return getPack(op, f32, Float16Type::get(context), op.getRnd(),
                       op.getSat() == NVVM::SaturationMode::SATFINITE,
                       op.getRelu());
      })
      .Case([&](NVVM::ConvertF32x2ToBF16x2Op op) {
        return getPack(op, f32, BFloat16Type::get(context), op.getRnd(),
                       op.getSat() == NVVM::SaturationMode::SATFINITE,
                       op.getRelu());
      })
      .Case([](NVVM::ConvertF8x2ToF16x2Op op) {
        return getUnpack(op, op.getSrcType(), op.getRelu());
      })
      .Case([](NVVM::ConvertF8x2ToBF16x2Op op) {
        return getUnpack(op, op.getSrcType(), false);
      })
      .Case([](NVVM::ConvertF6x2ToF16x2Op op) {
        return getUnpack(op, op.getSrcType(), op.getRelu());
      })
      .Case([](NVVM::ConvertF4x2ToF16x2Op op) {
        return getUnpack(op, op.getSrcType(), op.getRelu());
      })
      .Case([](NVVM::ConvertFloatToTF32Op op) -> FailureOr<EmulatedCall> {
        if (op.getSat() != NVVM::SaturationMode::NONE)
          return refuse(op, "with saturation");
        bool isAway = op.getRnd() == NVVM::FPRoundingMode::RNA;
        auto mode = getRounding(op.getRnd());
        if (!isAway && !mode)
          return refuse(op, "with this rounding");
        return makeCall(op, "cvt_tf32",
                        {isAway ? 4 : int32_t(*mode), op.getRelu()});
      })
      .Default([](Operation *) { return std::nullopt; });
}

static Lookup lookupCtaOp(Operation *op) {
  return TypeSwitch<Operation *, Lookup>(op)
      .Case([](NVVM::Barrier0Op op) { return makeCall(op, "barrier"); })
      .Case([](NVVM::BarrierOp op) { return getBarrier(op); })
      .Case([](NVVM::BarrierArriveOp op) {
        return makeCall(op, "barrier", {1, 0, bool(op.getBarrierId()), 1});
      })
      .Case<NVVM::ClusterArriveOp, NVVM::ClusterArriveRelaxedOp>(
          [](auto op) { return makeCall(op, "cluster_arrive"); })
      .Case([](NVVM::ClusterWaitOp op) { return makeCall(op, "cluster_wait"); })
      .Case<NVVM::MembarOp, NVVM::FenceScClusterOp, NVVM::FenceSyncRestrictOp,
            NVVM::FenceMbarrierInitOp>(
          [](auto op) { return makeCall(op, "fence"); })
      .Case([](NVVM::FenceProxyOp op) -> FailureOr<EmulatedCall> {
        switch (op.getKind()) {
        case NVVM::ProxyKind::async:
        case NVVM::ProxyKind::async_shared:
          return makeCall(op, "fence_proxy_async");
        default:
          return makeCall(op, "fence");
        }
      })
      .Case<NVVM::SetMaxRegisterOp, NVVM::GriddepcontrolOp, NVVM::NanosleepOp>(
          [](auto op) { return makeCall("nothing", {}, {}); })
      .Case([](NVVM::PrefetchOp op) { return makeCall("nothing", {}, {}); })
      .Case([](NVVM::CpAsyncOp op) {
        return makeCall(op, "cp_async",
                        {int32_t(op.getSize()), bool(op.getCpSize()),
                         op.getModifier() == NVVM::LoadCacheModifierKind::CG});
      })
      .Case([](NVVM::CpAsyncCommitGroupOp op) {
        return makeCall(op, "cp_async_commit_group");
      })
      .Case([](NVVM::CpAsyncWaitGroupOp op) {
        return makeCall(op, "cp_async_wait_group", {int32_t(op.getN())});
      })
      .Case([](NVVM::CpAsyncMBarrierArriveOp op) {
        return makeCall(op, "cp_async_mbarrier_arrive", {op.getNoinc()});
      })
      .Default([](Operation *) { return std::nullopt; });
}

FailureOr<EmulatedCall> mlir::zq::getEmulatedOp(Operation *op) {
  if (op->getName().stripDialect().starts_with("read.ptx.sreg."))
    return getRegister(op);
  for (auto lookup : {lookupThreadOp, lookupWarpOp, lookupCtaOp, lookupAsyncOp})
    if (Lookup call = lookup(op))
      return *call;
  return refuse(op, "");
}
