//===- Values.h - What SSA values stand for while a program runs ----------===//
#ifndef ZQ_LIB_REFERENCE_VALUES_H
#define ZQ_LIB_REFERENCE_VALUES_H

#include "Scalar.h"

#include "zq/Reference/Evaluator.h"
#include "llvm/ADT/DenseMap.h"

#include <memory>
#include <variant>

namespace mlir::zq::reference {

/// Tensors are shared and never changed once they are bound to a value.
using TensorRef = std::shared_ptr<const BoundedTensor>;
/// A stream of a compressed tensor. One that was computed with rounding is
/// `bounded`, and `array` is what is nearest to its values.
struct StoredArray {
  ::zq::codec::Array array;
  TensorRef bounded;
};
using StreamsRef = std::shared_ptr<const std::vector<StoredArray>>;

/// That a tensor is what inverses of transforms (`TransformAttrInterface`) make
/// of `source`, one after the other, each along an axis of its own.
struct RotatedBack {
  struct Rotation {
    Attribute transform;
    int64_t axis;
    std::vector<BoundedTensor> parts;
  };
  std::vector<Rotation> rotations;
  TensorRef source;
};

/// What a value stands for.
struct RuntimeValue : std::variant<Scalar, TensorRef, StreamsRef> {
  using variant::variant;

  /// Set for what depends on nothing but constants and compressed tensors: how
  /// many summands the compiler may take it apart into, of which it contracts
  /// with each (see Decode.cpp); 0 for constants of one value.
  std::optional<int64_t> parts;

  /// Set for a tensor that was rotated back, of one that was not: the compiler
  /// may contract with that one (lib/Reference/Transform.cpp).
  std::shared_ptr<const RotatedBack> rotated;
};

/// The values of one function's frame.
class Environment {
public:
  explicit Environment(CustomDecodeFn customDecode, double accuracy = 0)
      : customDecode(customDecode), accuracy(accuracy) {}

  void bind(Value value, RuntimeValue runtime) {
    values[value] = std::move(runtime);
  }
  void bind(Value value, BoundedTensor tensor) {
    values[value] = std::make_shared<const BoundedTensor>(std::move(tensor));
  }
  void setParts(Value value, std::optional<int64_t> parts) {
    values.find(value)->second.parts = parts;
  }
  const RuntimeValue &get(Value value) const {
    auto it = values.find(value);
    assert(it != values.end() && "the verifier checked dominance");
    return it->second;
  }
  const Scalar &getScalar(Value value) const {
    return std::get<Scalar>(get(value));
  }
  const TensorRef &getTensor(Value value) const {
    return std::get<TensorRef>(get(value));
  }
  const StreamsRef &getStreams(Value value) const {
    return std::get<StreamsRef>(get(value));
  }
  /// An index; fails with an error at `op` where rounding may decide it.
  FailureOr<int64_t> getIndex(Operation *op, Value value) const;
  /// Of constants and values.
  FailureOr<SmallVector<int64_t>>
  getIndices(Operation *op, ArrayRef<OpFoldResult> mixed) const;

  CustomDecodeFn customDecode;
  /// Of contractions with what is stored (`SumOfParts`).
  double accuracy;
  /// How many calls this frame is below the function that was asked for.
  unsigned callDepth = 0;

private:
  llvm::DenseMap<Value, RuntimeValue> values;
};

/// A tensor of exact zeros.
BoundedTensor makeTensor(ArrayRef<int64_t> shape);

/// Element access with the magnitude that is there or implied.
Scalar getElement(const BoundedTensor &tensor, int64_t index);
void setElement(BoundedTensor &tensor, int64_t index, const Scalar &value);

/// Copies of elements: whole tensors of a new shape, gathered from the
/// row-major positions `from`.
BoundedTensor gather(const BoundedTensor &tensor, ArrayRef<int64_t> shape,
                     ArrayRef<int64_t> from);

/// Row-major strides of a shape.
SmallVector<int64_t> getStrides(ArrayRef<int64_t> shape);

/// Steps to the next point of a box in row-major order; false after the last.
bool advancePoint(MutableArrayRef<int64_t> point, ArrayRef<int64_t> shape);

/// "2x3", for messages.
std::string formatShape(ArrayRef<int64_t> shape);

/// A reference array as exact values.
BoundedTensor fromArray(const ::zq::codec::Array &array);

/// Exact values as an array with elements of `element`. Fails with an error at
/// `op` where values are not exact or the reference has no such array.
FailureOr<::zq::codec::Array>
toArray(Operation *op, const BoundedTensor &tensor, Type element);

/// The same, of values that need not be exact where `element` is f32.
FailureOr<StoredArray> toStored(Operation *op, TensorRef tensor, Type element);

} // namespace mlir::zq::reference

#endif // ZQ_LIB_REFERENCE_VALUES_H
