//===- EmulatedChips.cpp - What chips the emulator refuses an op on -------===//
#include "EmulatedOps.h"
#include "Emulator/Site.h"

using namespace mlir;
using namespace mlir::zq;
namespace emulator = ::zq::emulator;

/// Why `chip` lacks the op; empty if it has it. Coarser than the table that PTX
/// is made by: what it lets through and that refuses is no fault of a kernel's
/// meaning.
static StringRef getReason(const EmulatedCall &call, unsigned major,
                           unsigned minor, bool hasSuffix) {
  StringRef function = call.function;
  bool isDatacenter = major == 10 && hasSuffix;
  bool isConsumer = major == 12 && hasSuffix;
  if (function.starts_with("tcgen05") && !isDatacenter)
    return "tcgen05 is of sm_100a to sm_110a";
  if (function == "mma_block_scale" && !isConsumer)
    return "block scales of mma.sync are of sm_120a and sm_121a";
  if (function == "mma_sync") {
    if (call.attributes[6] && !isConsumer)
      return "kind::f8f6f4 of mma.sync is of sm_120a and sm_121a";
    bool isFp8 = call.attributes[1] == emulator::E4M3 ||
                 call.attributes[1] == emulator::E5M2;
    if (isFp8 && major * 10 + minor < 89)
      return "mma.sync of fp8 begins at sm_89";
  }
  if (function == "ldmatrix" && call.attributes[2] != emulator::Matrix8x8b16 &&
      major < 10)
    return "ldmatrix of packed values begins at sm_100a";
  if ((function == "stmatrix" || function.starts_with("bulk") ||
       function.starts_with("tensor") || function.starts_with("cluster") ||
       function == "mbarrier_tx" || function == "elect_sync" ||
       function == "fence_proxy_async") &&
      major < 9)
    return "it begins at sm_90";
  if ((function == "cvt_pack" || function == "cvt_unpack")) {
    bool isSmall = false;
    for (int32_t format : ArrayRef(call.attributes).take_front(2))
      isSmall |= format == emulator::E2M1 || format == emulator::E2M3 ||
                 format == emulator::E3M2 || format == emulator::UE8M0;
    if (isSmall && major < 10)
      return "conversions of fp4, fp6 and ue8m0 begin at sm_100a";
  }
  return "";
}

LogicalResult mlir::zq::checkChip(Operation *op, const EmulatedCall &call,
                                  StringRef chip) {
  if (chip.empty())
    return success();
  StringRef digits = chip;
  unsigned number;
  bool hasSuffix = digits.ends_with("a") || digits.ends_with("f");
  if (hasSuffix)
    digits = digits.drop_back();
  if (!digits.consume_front("sm_") || digits.getAsInteger(10, number))
    return op->emitError("unknown chip '") << chip << "'";
  StringRef reason = getReason(call, number / 10, number % 10, hasSuffix);
  if (reason.empty())
    return success();
  return op->emitError("chip ") << chip << " lacks this op: " << reason;
}
