//===- Programs.h - Programs that codecs are tested with ------------------===//
#ifndef ZQ_UNITTESTS_INTEGRATION_PROGRAMS_H
#define ZQ_UNITTESTS_INTEGRATION_PROGRAMS_H

#include "Kernel.h"
#include "TestCodecs.h"

namespace mlir::zq::test {

using Shape = std::vector<int64_t>;

/// A module with one function that decodes a whole tensor of each codec.
std::string wholeDecodes(const std::vector<TestCodec> &codecs,
                         const Shape &shape);

/// One contraction: an op with its activation, weight and result.
struct Product {
  std::string op;
  /// The op's maps, where the op is not what it is without them.
  std::string maps;
  Shape x, w, y;
  /// Whether the weight is the first operand.
  bool weightFirst = false;
  /// The type of the activation's elements.
  std::string element = "f32";
};

/// With a weight [n, k], or [k, n].
Product matmulByRows(int64_t m, int64_t n, int64_t k);
Product matmulByColumns(int64_t m, int64_t n, int64_t k);
Product batchMatmulByRows(int64_t b, int64_t m, int64_t n, int64_t k);
Product batchMatmulByColumns(int64_t b, int64_t m, int64_t n, int64_t k);
Product matvec(int64_t n, int64_t k);
Product vecmat(int64_t n, int64_t k);

/// A function @f of all activations and weights, in pairs.
std::string printProducts(const std::vector<Product> &products,
                          const TestCodec &codec);

/// A function @f of products, what it is called with, and what it may return.
struct PreparedProducts {
  std::vector<Product> products;
  std::string what, text;
  std::vector<Array> inputs;
  std::vector<BoundedTensor> expected;
};

/// With the codec's tensors as weights, of random values.
PreparedProducts prepareProducts(const std::vector<Product> &products,
                                 const TestCodec &codec, double accuracy);

/// Fails the test where a result is outside of its bound.
void compareProducts(const PreparedProducts &prepared,
                     const std::vector<Array> &results);

/// Compiles the products, with the codec's tensors as weights, and compares
/// them with the reference. Fails too where no decode is fused, unless it may
/// be so.
void checkProducts(const std::vector<Product> &products, const TestCodec &codec,
                   const JitOptions &options, bool mayBeUnfused = false);

/// The GPUs in groups on whose chips `text` becomes the same kernels, so that
/// what one of a group runs the others run too. The order of neither changes.
std::vector<std::vector<EmulatedGpu>>
groupByKernels(const std::string &text, const std::vector<EmulatedGpu> &gpus,
               double accuracy);

/// Compiles the products for each group of the GPUs and compares them on every
/// one.
void checkProductsOn(const std::vector<EmulatedGpu> &gpus,
                     const std::vector<Product> &products,
                     const TestCodec &codec, double accuracy);

} // namespace mlir::zq::test

#endif // ZQ_UNITTESTS_INTEGRATION_PROGRAMS_H
