//===- DeviceTest.cpp - Compiled host code and the device it asks ---------===//
//
// The device is one of the host's memory that knows its kernels by name and
// computes them itself: what is tested is all that stands between a function on
// tensors and its launches.
//
//===----------------------------------------------------------------------===//
#include "zq/Runtime/Device.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "zq/InitAll.h"
#include "zq/Runtime/DeviceFunction.h"
#include "gtest/gtest.h"

#include <cstring>
#include <functional>

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::Array;
using ::zq::codec::ElementType;
using ::zq::codec::Error;
using ::zq::codec::Result;
using ::zq::codec::Status;
using ::zq::runtime::ActiveDevice;
using ::zq::runtime::DeviceRuntime;
using ::zq::runtime::LaunchSize;

namespace {

class HostDevice : public DeviceRuntime {
public:
  ~HostDevice() override { freeAll(); }

  std::string describe() const override { return "the host"; }
  Status upload(void *to, const void *from, size_t bytes) override {
    ++uploads;
    std::memcpy(to, from, bytes);
    return {};
  }
  Status download(void *to, const void *from, size_t bytes) override {
    std::memcpy(to, from, bytes);
    return {};
  }
  Status copy(void *to, const void *from, size_t bytes) override {
    std::memcpy(to, from, bytes);
    return {};
  }
  Status load(const std::string &image) override {
    loaded += image;
    return {};
  }
  Status launch(const std::string &kernel, LaunchSize grid, LaunchSize block,
                size_t dynamicSharedBytes, void **arguments) override {
    if (loaded.find(".entry " + kernel + "(") == std::string::npos)
      return Error{"no kernel '" + kernel + "' was loaded"};
    ++launches;
    threads = grid.x * grid.y * grid.z * block.x * block.y * block.z;
    compute(arguments);
    return {};
  }
  Status encodeTensorMap(void *map, void *array,
                         const ::zq::TensorMapShape &shape) override {
    if (shape.rank == 0)
      return Error{"no map of nothing"};
    std::memcpy(map, &array, sizeof(array));
    return {};
  }
  Status synchronize() override { return {}; }

  std::function<void(void **arguments)> compute;
  std::string loaded;
  int blocks = 0, uploads = 0, launches = 0;
  uint64_t threads = 0;

protected:
  Result<void *> allocateBlock(size_t bytes) override {
    if (bytes > (size_t(1) << 30))
      return Error{"too large"};
    ++blocks;
    return ::operator new(bytes, std::align_val_t(256));
  }
  void freeBlock(void *memory) override {
    --blocks;
    ::operator delete(memory, std::align_val_t(256));
  }
};

TEST(DeviceTest, HandsMemoryOutAgain) {
  HostDevice device;
  void *first = *device.allocate(1000);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(first) % 256, 0u);
  void *second = *device.allocate(1000);
  EXPECT_NE(first, second);
  device.free(first);
  EXPECT_EQ(*device.allocate(1024), first);
  EXPECT_EQ(device.blocks, 2);
  // Of another size.
  device.free(second);
  EXPECT_NE(*device.allocate(5000), second);
  device.free(nullptr);
  EXPECT_FALSE(device.hasFailed());
  device.free(&device);
  Status error = device.takeError();
  ASSERT_FALSE(error);
  EXPECT_EQ(error.message(),
            "memory is freed that the device did not hand out");
  EXPECT_TRUE(device.takeError());
}

TEST(DeviceTest, CopiesConstantsOnce) {
  HostDevice device;
  const float table[] = {1, 2, 3};
  void *copy = *device.constant(table, sizeof(table));
  EXPECT_EQ(std::memcmp(copy, table, sizeof(table)), 0);
  EXPECT_EQ(*device.constant(table, sizeof(table)), copy);
  EXPECT_EQ(device.uploads, 1);
}

template <typename Function>
Function *getSymbol(llvm::StringRef name) {
  for (auto [symbol, function] : ::zq::runtime::getDeviceSymbols())
    if (name == symbol)
      return reinterpret_cast<Function *>(function);
  return nullptr;
}

/// After the first error compiled code does nothing more.
TEST(DeviceTest, KeepsTheFirstError) {
  HostDevice device;
  auto *allocate = getSymbol<void *(int64_t)>("zq_device_alloc");
  auto *launch =
      getSymbol<void(const char *, int64_t, int64_t, int64_t, int64_t, int64_t,
                     int64_t, int64_t, void **)>("zq_device_launch");
  ASSERT_TRUE(allocate && launch);
  // With no device there is nothing.
  EXPECT_EQ(allocate(16), nullptr);
  ActiveDevice active(device);
  EXPECT_NE(allocate(16), nullptr);
  // An empty grid is no launch.
  launch("none", 0, 1, 1, 32, 1, 1, 0, nullptr);
  EXPECT_FALSE(device.hasFailed());
  launch("none", 1, 1, 1, 32, 1, 1, 0, nullptr);
  EXPECT_EQ(allocate(int64_t(1) << 40), nullptr);
  EXPECT_EQ(device.takeError().message(), "no kernel 'none' was loaded");
  EXPECT_EQ(allocate(int64_t(1) << 40), nullptr);
  EXPECT_EQ(device.takeError().message(), "too large");
}

TEST(DeviceTest, MakesTensorMaps) {
  HostDevice device;
  auto *make = getSymbol<void(void *, void *, const ::zq::TensorMapShape *)>(
      "zq_device_tensor_map");
  ASSERT_TRUE(make);
  ActiveDevice active(device);
  void *map = nullptr;
  ::zq::TensorMapShape shape;
  shape.rank = 1;
  make(&map, &device, &shape);
  EXPECT_EQ(map, &device);
  shape.rank = 0;
  make(&map, nullptr, &shape);
  EXPECT_EQ(map, &device);
  EXPECT_EQ(device.takeError().message(), "no map of nothing");
}

struct DeviceFunctionTest : testing::Test {
  DeviceFunctionTest() {
    DialectRegistry registry;
    mlir::registerAllDialects(registry);
    mlir::registerAllExtensions(registry);
    mlir::zq::registerAllDialects(registry);
    context.appendDialectRegistry(registry);
  }

  std::unique_ptr<DeviceFunction> compile(llvm::StringRef text) {
    module = parseSourceString<ModuleOp>(text, &context);
    if (!module)
      return nullptr;
    auto function = DeviceFunction::compile(*module, "main", {}, device);
    return failed(function) ? nullptr : std::move(*function);
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  HostDevice device;
};

TEST_F(DeviceFunctionTest, LaunchesWithItsArrays) {
  auto function = compile(R"(
    func.func @main(%x: tensor<8x16xf32>) -> tensor<8x16xf32> {
      %e = tensor.empty() : tensor<8x16xf32>
      %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
                           iterator_types = ["parallel", "parallel"]}
          ins(%x : tensor<8x16xf32>) outs(%e : tensor<8x16xf32>) {
      ^bb0(%a: f32, %b: f32):
        %s = arith.addf %a, %a : f32
        linalg.yield %s : f32
      } -> tensor<8x16xf32>
      return %y : tensor<8x16xf32>
    })");
  ASSERT_TRUE(function);
  EXPECT_NE(device.loaded.find(".target sm_80"), std::string::npos);

  Array input(ElementType::F32, {8, 16});
  auto *values = reinterpret_cast<float *>(input.bytes.data());
  for (int i = 0; i < 128; ++i)
    values[i] = i;
  // Which array is which, only the kernel knows; the input is what has its
  // values.
  std::vector<float *> arrays;
  device.compute = [&](void **arguments) {
    arrays.clear();
    for (int i = 0; i < 2; ++i) {
      float *pointer;
      std::memcpy(&pointer, arguments[i], sizeof(pointer));
      if (reinterpret_cast<uintptr_t>(pointer) > 4096)
        arrays.push_back(pointer);
    }
    ASSERT_EQ(arrays.size(), 2u);
    float *from = arrays[0][1] == 1 ? arrays[0] : arrays[1];
    float *to = from == arrays[0] ? arrays[1] : arrays[0];
    for (int i = 0; i < 128; ++i)
      to[i] = 2 * from[i];
  };
  auto call = function->bind(&input);
  ASSERT_TRUE(call) << call.message();
  for (int times = 0; times < 2; ++times)
    ASSERT_TRUE(call->run());
  EXPECT_EQ(device.launches, 2);
  EXPECT_GT(device.threads, 0u);
  auto results = call->getResults();
  ASSERT_TRUE(results);
  ASSERT_EQ(results->size(), 1u);
  const auto *doubled =
      reinterpret_cast<const float *>((*results)[0].bytes.data());
  for (int i = 0; i < 128; ++i)
    EXPECT_EQ(doubled[i], 2 * i);
}

/// The host reads the element that it is told to, from the device.
TEST_F(DeviceFunctionTest, BranchesOnAnElement) {
  auto function = compile(R"(
    func.func @main(%x: tensor<8x16xf32>) -> tensor<8x16xf32> {
      %c2 = arith.constant 2 : index
      %c3 = arith.constant 3 : index
      %zero = arith.constant 0.0 : f32
      %v = tensor.extract %x[%c2, %c3] : tensor<8x16xf32>
      %isLarge = arith.cmpf ogt, %v, %zero : f32
      %r = scf.if %isLarge -> tensor<8x16xf32> {
        %e = tensor.empty() : tensor<8x16xf32>
        %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
                             iterator_types = ["parallel", "parallel"]}
            ins(%x : tensor<8x16xf32>) outs(%e : tensor<8x16xf32>) {
        ^bb0(%a: f32, %b: f32):
          %s = arith.addf %a, %a : f32
          linalg.yield %s : f32
        } -> tensor<8x16xf32>
        scf.yield %y : tensor<8x16xf32>
      } else {
        scf.yield %x : tensor<8x16xf32>
      }
      return %r : tensor<8x16xf32>
    })");
  ASSERT_TRUE(function);
  device.compute = [](void **) {};
  Array input(ElementType::F32, {8, 16});
  for (int i = 0; i < 128; ++i)
    input.setFloat(i, -1);
  for (float value : {-1.0f, 1.0f}) {
    input.setFloat(2 * 16 + 3, value);
    auto call = function->bind(&input);
    ASSERT_TRUE(call) << call.message();
    ASSERT_TRUE(call->run());
    EXPECT_EQ(device.launches, value > 0);
  }
}

/// Such a loop ends with what the kernels write, and where they fail.
TEST_F(DeviceFunctionTest, LoopsUntilAnElementIsSmall) {
  auto function = compile(R"(
    func.func @main(%x: tensor<8x16xf32>) -> tensor<8x16xf32> {
      %c3 = arith.constant 3 : index
      %one = arith.constant 1.0 : f32
      %r = scf.while (%a = %x) : (tensor<8x16xf32>) -> tensor<8x16xf32> {
        %v = tensor.extract %a[%c3, %c3] : tensor<8x16xf32>
        %isLarge = arith.cmpf une, %v, %one : f32
        scf.condition(%isLarge) %a : tensor<8x16xf32>
      } do {
      ^bb0(%a: tensor<8x16xf32>):
        %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>],
                             iterator_types = ["parallel", "parallel"]}
            outs(%a : tensor<8x16xf32>) {
        ^bb0(%b: f32):
          %s = arith.subf %b, %one : f32
          linalg.yield %s : f32
        } -> tensor<8x16xf32>
        scf.yield %y : tensor<8x16xf32>
      }
      return %r : tensor<8x16xf32>
    })");
  ASSERT_TRUE(function);
  device.compute = [](void **arguments) {
    float *values;
    std::memcpy(&values, arguments[0], sizeof(values));
    for (int i = 0; i < 128; ++i)
      values[i] -= 1;
  };
  Array input(ElementType::F32, {8, 16});
  for (int i = 0; i < 128; ++i)
    input.setFloat(i, 4);
  auto call = function->bind(&input);
  ASSERT_TRUE(call) << call.message();
  Status ran = call->run();
  ASSERT_TRUE(ran) << ran.message();
  EXPECT_EQ(device.launches, 3);

  device.loaded.clear();
  auto other = function->bind(&input);
  ASSERT_TRUE(other) << other.message();
  Status failed = other->run();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.message().substr(0, 9), "no kernel");
}

TEST_F(DeviceFunctionTest, RefusesOtherArrays) {
  auto function = compile(R"(
    func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
      %e = tensor.empty() : tensor<4xf32>
      %y = linalg.copy ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
      return %y : tensor<4xf32>
    })");
  ASSERT_TRUE(function);
  Array wrong(ElementType::F32, {5});
  auto call = function->bind(&wrong);
  ASSERT_FALSE(call);
  EXPECT_NE(call.message().find("array 0"), std::string::npos);
  auto none = function->bind({});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.message(), "the function takes 1 arrays, got 0");
}

} // namespace
