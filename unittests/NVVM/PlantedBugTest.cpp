//===- PlantedBugTest.cpp - Broken kernels are found out ------------------===//
//
// Each bug is a small edit of a good kernel. Most are found with every seed,
// that of no adversary included; what takes one is said so.
//
//===----------------------------------------------------------------------===//
#include "CompiledKernels.h"
#include "ExampleRuns.h"
#include "gtest/gtest.h"

using namespace mlir::zq::test;

namespace {
struct Edit {
  const char *from, *to;
};

struct Bug {
  const char *name;
  Example example;
  std::vector<Edit> edits;
  /// One of these is in the message.
  std::vector<const char *> messages;
  /// Not found when lanes run in turn and work is done at once.
  bool takesAdversary = false;
};

std::string getFile(Example example) {
  switch (example) {
  case Example::W4A16:
    return "w4a16-mma.mlir";
  case Example::Nvfp4Mma:
    return "nvfp4-mma.mlir";
  case Example::Nvfp4Tcgen05:
    return "nvfp4-tcgen05.mlir";
  case Example::TmaPipeline:
    return "tma-pipeline.mlir";
  }
  return "";
}

void PrintTo(const Bug &bug, std::ostream *os) { *os << bug.name; }

class PlantedBug : public testing::TestWithParam<Bug> {};
} // namespace

TEST_P(PlantedBug, IsFound) {
  const Bug &bug = GetParam();
  std::string text = readKernel(getFile(bug.example));
  for (const Edit &edit : bug.edits)
    text = replaceAll(text, edit.from, edit.to);
  std::vector<std::string> results = runAll(bug.example, text);
  for (size_t seed = bug.takesAdversary; seed < results.size(); ++seed) {
    bool isFound = false;
    for (const char *message : bug.messages)
      isFound |= results[seed].find(message) != std::string::npos;
    EXPECT_TRUE(isFound) << "seed " << seed << ": " << results[seed];
  }
}

//===----------------------------------------------------------------------===//
// mma.sync, cp.async, ldmatrix
//===----------------------------------------------------------------------===//

static const Bug warpBugs[] = {
    {"WrongScaleLane",
     Example::Nvfp4Mma,
     {{"scaleB[%sb, %b0, %b1]", "scaleB[%sb, %b0, %b2]"}},
     {"wrong at"}},
    {"WrongScaleRow",
     Example::Nvfp4Mma,
     {{"%scaleRow0 = arith.addi %g, %odd8", "%scaleRow0 = arith.addi %g, %c0"}},
     {"wrong at"}},
    {"NoSuchScaleByte",
     Example::Nvfp4Mma,
     {{"scaleA[%sa, %b0, %b0]", "scaleA[%sa, %b2, %b0]"}},
     {"byte-id 2 of the scales of A"}},
    {"MissingBarrierBeforeCopies",
     Example::Nvfp4Mma,
     {{"nvvm.barrier0 // before the copies", ""}},
     {"race: thread"}},
    {"MissingBarrierAfterCopies",
     Example::Nvfp4Mma,
     {{"nvvm.barrier0 // after the copies", ""}},
     {"race: thread", "no cp.async.wait_group before"}},
    {"MissingCopyWait",
     Example::Nvfp4Mma,
     {{"nvvm.cp.async.wait.group 0", ""}},
     {"no cp.async.wait_group before"}},
    {"WaitForTheGroupBefore",
     Example::Nvfp4Mma,
     {{"nvvm.cp.async.wait.group 0", "nvvm.cp.async.wait.group 1"}},
     {"no cp.async.wait_group before"}},
    {"WrongSwizzle",
     Example::Nvfp4Mma,
     {{"%placeOffset = arith.muli %place,",
       "%placeOffset = arith.muli %chunk,"}},
     {"wrong at"}},
    {"SwappedMatrices",
     Example::Nvfp4Mma,
     {{"%readPlaceA = arith.xori %high,", "%readPlaceA = arith.xori %low,"}},
     {"wrong at"}},
    {"MisalignedMatrixRow",
     Example::Nvfp4Mma,
     {{"%readA1 = arith.muli %readPlaceA, %c16",
       "%readA1 = arith.muli %readPlaceA, %c8"}},
     {"is not aligned to 16 bytes"}},
    {"MisalignedCopy",
     Example::Nvfp4Mma,
     {{"%placeOffset = arith.muli %place, %c16",
       "%placeOffset = arith.muli %place, %c8"}},
     {"which is not aligned"}},
    {"DivergentMatrixLoad",
     Example::Nvfp4Mma,
     {{"%q = nvvm.ldmatrix %ptrB1",
       "%isLow = arith.cmpi ult, %lane, %c16 : i32\n"
       "%q = scf.if %isLow -> !frag {\n%qq = nvvm.ldmatrix %ptrB1"},
      {"%a0 = llvm.extractvalue %a[0]",
       "scf.yield %qq : !frag\n} else {\nscf.yield %p : !frag\n}\n"
       "%a0 = llvm.extractvalue %a[0]"}},
     {"deadlock"}},
    {"DivergentBarrier",
     Example::Nvfp4Mma,
     {{"nvvm.barrier0 // after the copies",
       "%isEven = arith.cmpi eq, %odd, %c0 : i32\n"
       "scf.if %isEven {\nnvvm.barrier0\n} else {\nnvvm.barrier\n}"}},
     {"divergent barrier"}},
    {"BarrierOfHalfTheWarps",
     Example::Nvfp4Mma,
     {{"nvvm.barrier0 // after the copies",
       "scf.if %copiesB {\nnvvm.barrier0\n}"}},
     {"race: thread", "deadlock", "no cp.async.wait_group before"}},
    {"SharedOutOfBounds",
     Example::Nvfp4Mma,
     {{"%readBNext = arith.addi %readB, %c512",
       "%far = arith.constant 4096 : i32\n"
       "%readBNext = arith.addi %readB, %far"}},
     {"out of bounds: the CTA has 3072 bytes"}},
    {"GlobalOutOfBounds",
     Example::Nvfp4Mma,
     {{"%outRow0 = arith.addi %m0, %warpRow",
       "%far = arith.constant 4096 : i32\n"
       "%nearRow = arith.addi %m0, %warpRow : i32\n"
       "%outRow0 = arith.addi %nearRow, %far"}},
     {"out of bounds", "where no array of the device lies"}},
    {"TwoLanesStoreTheSameResult",
     Example::Nvfp4Mma,
     {{"%outColumn = arith.addi %n0, %t2", "%outColumn = arith.addi %n0, %t"}},
     {"writes the byte of global memory"}},
    {"TwoWarpsStoreTheSameResult",
     Example::Nvfp4Mma,
     {{"%outRow0 = arith.addi %m0, %warpRow",
       "%outRow0 = arith.addi %m0, %c0"}},
     {"writes the byte of global memory"}},
    {"TwoBlocksStoreTheSameResult",
     Example::Nvfp4Mma,
     {{"%outRow0 = arith.addi %m0, %warpRow",
       "%outRow0 = arith.addi %c0, %warpRow"}},
     {"of another CTA wrote"}},
    {"ReadsWhatAnotherThreadStores",
     Example::Nvfp4Mma,
     {{"llvm.store %e33, %l25 : f32",
       "%peek = llvm.load %D : !llvm.ptr<1> -> f32\n"
       "%e34 = arith.addf %e33, %peek : f32\nllvm.store %e34, %l25 : f32"}},
     {"reads the byte of global memory", "writes the byte of global memory"}},
    {"TwoWarpsWriteTheSameBytes",
     Example::Nvfp4Mma,
     {{"%toA = llvm.getelementptr %tileA[%to]",
       "%to2047 = arith.constant 1023 : i32\n"
       "%toHalf = arith.andi %to, %to2047 : i32\n"
       "%toA = llvm.getelementptr %tileA[%toHalf]"}},
     {"race: thread", "while cp.async of thread"}},
    {"CopyInFlightAtExit",
     Example::Nvfp4Mma,
     {{"gpu.return",
       "nvvm.barrier0\nnvvm.cp.async.shared.global %toA, %A, 16, cache = cg : "
       "!llvm.ptr<3>, !llvm.ptr<1>\ngpu.return"}},
     {"in flight"}},
    {"SharedWordsOfOtherLanes",
     Example::Nvfp4Mma,
     {{"gpu.return",
       "nvvm.barrier0\n"
       "%mine = llvm.getelementptr %tileA[%tid] : (!llvm.ptr<3>, i32) -> "
       "!llvm.ptr<3>, i32\n"
       "%next = arith.xori %tid, %c1 : i32\n"
       "%theirs = llvm.getelementptr %tileA[%next] : (!llvm.ptr<3>, i32) -> "
       "!llvm.ptr<3>, i32\n"
       "llvm.store %tid, %mine : i32, !llvm.ptr<3>\n"
       "%word = llvm.load %theirs : !llvm.ptr<3> -> i32\n"
       "llvm.store %word, %theirs : i32, !llvm.ptr<3>\ngpu.return"}},
     {"of its warp wrote", "another lane of its warp reads"}},
    {"WrongWeightRow",
     Example::W4A16,
     {{"%w8 = arith.muli %rowBytes, %c8", "%w8 = arith.muli %rowBytes, %c7"}},
     {"wrong at"}},
    {"MisalignedVectorLoad",
     Example::W4A16,
     {{"%t16 = arith.muli %t, %c16", "%t16 = arith.muli %t, %c4"}},
     {"is not aligned to 16 bytes"}},
};

//===----------------------------------------------------------------------===//
// tcgen05
//===----------------------------------------------------------------------===//

static const Bug tensorBugs[] = {
    {"MissingMbarrierWait",
     Example::Nvfp4Tcgen05,
     {{"scf.condition(%goes)", "scf.condition(%false)"}},
     {"its completion was not waited for",
      "without having waited for its completion"},
     // The one try finds work that was done at once.
     /*takesAdversary=*/true},
    {"WrongParity",
     Example::Nvfp4Tcgen05,
     {{"%parity = arith.andi %step, %c1 : i32",
       "%parity0 = arith.andi %step, %c1 : i32\n"
       "%parity = arith.xori %parity0, %c1 : i32"}},
     {"deadlock", "its completion was not waited for",
      "without having waited for its completion"}},
    {"WrongStride",
     Example::Nvfp4Tcgen05,
     {{"%rowStride = arith.constant 64", "%rowStride = arith.constant 32"}},
     {"wrong at"}},
    {"WrongSwizzleMode",
     Example::Nvfp4Tcgen05,
     {{"%swizzle128 = arith.constant 2", "%swizzle128 = arith.constant 3"}},
     {"there is no such swizzle"}},
    {"NoSwizzleInStores",
     Example::Nvfp4Tcgen05,
     {{"%place = arith.xori %chunk, %row7", "%place = arith.xori %chunk, %c0"}},
     {"wrong at"}},
    {"StrideOverflowsItsField",
     Example::Nvfp4Tcgen05,
     {{"%rowStride = arith.constant 64", "%rowStride = arith.constant 32832"}},
     {"bits 46 to 48 are not 0b001"}},
    {"ReservedDescriptorBits",
     Example::Nvfp4Tcgen05,
     {{"%bOffset1 = arith.constant 1026", "%bOffset1 = arith.constant 17410"}},
     {"bits 14, 15, 30 and 31 are reserved"}},
    {"WrongInstructionDescriptor",
     Example::Nvfp4Tcgen05,
     {{"0x08100480", "0x08100500"}},
     {"the kind has no such type"}},
    {"ReservedInstructionBit",
     Example::Nvfp4Tcgen05,
     {{"0x08100480", "0x081004c0"}},
     {"bit 6 is reserved"}},
    {"TooFewColumns",
     Example::Nvfp4Tcgen05,
     {{"nvvm.tcgen05.alloc %slot, %c128", "nvvm.tcgen05.alloc %slot, %c64"}},
     {"which is not allocated"}},
    {"AddressIsNotRead",
     Example::Nvfp4Tcgen05,
     {{"%base = llvm.load %slot : !llvm.ptr<3> -> i32",
       "%base = arith.constant 0 : i32"}},
     {"which is not allocated"},
     // Only now and then does the allocation not begin at column 0.
     /*takesAdversary=*/true},
    {"MissingBarrierAfterAllocation",
     Example::Nvfp4Tcgen05,
     {{"nvvm.barrier0 // after the allocation", ""}},
     {"race: thread", "no mbarrier was initialised"}},
    {"MissingProxyFence",
     Example::Nvfp4Tcgen05,
     {{"nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = "
       "#nvvm.shared_space<cta>}",
       ""}},
     {"without fence.proxy.async after"}},
    {"ProxyFenceBeforeStores",
     Example::Nvfp4Tcgen05,
     {{"nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = "
       "#nvvm.shared_space<cta>}",
       ""},
      {"%step4 = arith.muli %step, %c4 : i32",
       "nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = "
       "#nvvm.shared_space<cta>}\n%step4 = arith.muli %step, %c4 : i32"}},
     {"without fence.proxy.async after"}},
    {"MissingBarrierAfterStores",
     Example::Nvfp4Tcgen05,
     {{"nvvm.barrier0 // after the stores", ""}},
     {"race: thread", "without fence.proxy.async after"}},
    {"AllLanesIssue",
     Example::Nvfp4Tcgen05,
     {{"scf.if %isThread0 {\n        %scaleStride",
       "scf.if %isWarp0 {\n        %scaleStride"}},
     {"arrivals at an mbarrier", "while this thread waited",
      "the tensor core may still read"}},
    {"WrongScaleColumns",
     Example::Nvfp4Tcgen05,
     {{"%half = arith.shrui %half0, %c5", "%half = arith.shrui %half0, %c6"}},
     {"wrong at"}},
    {"ForeignQuarter",
     Example::Nvfp4Tcgen05,
     {{"%laneField = arith.shli %warpLane,", "%laneField = arith.shli %c0,"}},
     {"is not the first of those that warp"}},
    {"MissingFenceAfter",
     Example::Nvfp4Tcgen05,
     {{"nvvm.tcgen05.fence #nvvm.tcgen05_fence<after>\n\n    // Warp w",
       "// Warp w"}},
     {"without tcgen05.fence::after_thread_sync"}},
    {"MissingLoadWait",
     Example::Nvfp4Tcgen05,
     {{"nvvm.tcgen05.wait #nvvm.tcgen05_wait<load>", ""}},
     {"without a tcgen05.wait"}},
    {"MissingDeallocation",
     Example::Nvfp4Tcgen05,
     {{"nvvm.tcgen05.dealloc %ptrD, %c128 : !llvm.ptr<6>, i32", ""}},
     {"without tcgen05.dealloc"}},
    {"FreesOtherColumns",
     Example::Nvfp4Tcgen05,
     {{"nvvm.tcgen05.dealloc %ptrD, %c128",
       "nvvm.tcgen05.dealloc %ptrD, %c64"}},
     {"which are not one allocation"}},
    {"WorkInFlightAtExit",
     Example::Nvfp4Tcgen05,
     {{"gpu.return",
       "scf.if %isThread0 {\nnvvm.tcgen05.commit %barrier : !llvm.ptr<3>\n}\n"
       "gpu.return"}},
     {"without having waited for", "work in flight"}},
};

//===----------------------------------------------------------------------===//
// Bulk copies and mbarriers
//===----------------------------------------------------------------------===//

static const Bug copyBugs[] = {
    {"ReadsBeforeFull",
     Example::TmaPipeline,
     {{"%isFull = nvvm.mbarrier.try_wait %fullNow, %parity : !llvm.ptr<3>, "
       "i32 -> i1",
       "%isFull = arith.constant true"}},
     {"no mbarrier wait before", "without having waited for that copy",
      "race: thread",
      // All read, and arrived, before the first copy was asked for.
      "deadlock"}},
    {"FillsBeforeEmpty",
     Example::TmaPipeline,
     {{"scf.condition(%waits) // until it is empty", "scf.condition(%false)"}},
     {"race: thread", "expects 0 more", "while the asynchronous copy",
      "went on by two phases"}},
    {"WrongParityOfEmpty",
     Example::TmaPipeline,
     {{"%emptyNow, %emptyParity", "%emptyNow, %roundParity"}},
     {"deadlock"}},
    {"ExpectsTooManyBytes",
     Example::TmaPipeline,
     {{"%fullNow, %c2048", "%fullNow, %more"},
      {"%none = nvvm.mbarrier",
       "%more = arith.constant 2064 : i32\n%none = nvvm.mbarrier"}},
     {"deadlock"}},
    {"ExpectsTooFewBytes",
     Example::TmaPipeline,
     {{"%fullNow, %c2048", "%fullNow, %less"},
      {"%none = nvvm.mbarrier",
       "%less = arith.constant 2032 : i32\n%none = nvvm.mbarrier"}},
     {"deadlock", "more than it expected"}},
    {"TooManyConsumers",
     Example::TmaPipeline,
     {{"nvvm.mbarrier.init %empty, %c128", "nvvm.mbarrier.init %empty, %few"},
      {"%isThread0 =", "%few = arith.constant 96 : i32\n%isThread0 ="}},
     {"arrivals at an mbarrier", "race: thread", "went on by two phases",
      "while the asynchronous copy"}},
    {"MissingBarrierAfterInitialisation",
     Example::TmaPipeline,
     {{"nvvm.barrier0 // after the initialisation", ""}},
     {"no mbarrier was initialised", "race: thread"}},
    {"WrongSwizzleOfCopy",
     Example::TmaPipeline,
     {{"%placeAt = arith.muli %place,", "%placeAt = arith.muli %c,"}},
     {"wrong at"}},
    {"MissingFenceBeforeStore",
     Example::TmaPipeline,
     {{"nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = "
       "#nvvm.shared_space<cta>}",
       ""}},
     {"without fence.proxy.async after"}},
    {"MissingBarrierAfterSums",
     Example::TmaPipeline,
     {{"nvvm.barrier id = %c1 number_of_threads = %c128 // after the sums",
       ""}},
     {"race: thread", "without fence.proxy.async after"}},
    {"OverwritesWhatIsStored",
     Example::TmaPipeline,
     {{"nvvm.cp.async.bulk.wait_group 0 {read}", ""}},
     {"a bulk copy may still read"}},
    {"MissingWaitAtTheEnd",
     Example::TmaPipeline,
     {{"nvvm.cp.async.bulk.wait_group 0 // at the end", ""}},
     {"without cp.async.bulk.wait_group"}},
    {"BarrierWithAnotherCount",
     Example::TmaPipeline,
     {{"number_of_threads = %c128 // before",
       "number_of_threads = %all // before"},
      {"%isThread0 =", "%all = arith.constant 160 : i32\n%isThread0 ="}},
     {"deadlock"}},
    {"MisalignedBox",
     Example::TmaPipeline,
     {{"%stage, %c2048", "%stage, %odd"},
      {"%isThread0 =", "%odd = arith.constant 2064 : i32\n%isThread0 ="}},
     {"is not aligned to 128 bytes"}},
};

static std::string getName(const testing::TestParamInfo<Bug> &info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Warp, PlantedBug, testing::ValuesIn(warpBugs),
                         getName);
INSTANTIATE_TEST_SUITE_P(Tensor, PlantedBug, testing::ValuesIn(tensorBugs),
                         getName);
INSTANTIATE_TEST_SUITE_P(Copy, PlantedBug, testing::ValuesIn(copyBugs),
                         getName);
