//===- LaneKernel.h - Contractions with a weight's rows in the lanes ------===//
#ifndef ZQ_LIB_DIALECT_ZQ_TRANSFORMS_LANEKERNEL_H
#define ZQ_LIB_DIALECT_ZQ_TRANSFORMS_LANEKERNEL_H

#include "zq/Dialect/ZQ/IR/DecodeBuilder.h"
#include "zq/Dialect/ZQ/IR/LaneForm.h"

namespace mlir::zq {

/// Tables of more floats are left to the stage that has them.
constexpr size_t longestPermute = 64;
/// Rows of an activation of f32 that are summed for together, where there are
/// as many.
constexpr int64_t floatRows = 8;

/// The sums of one panel of rows of a `zq.contract`, in registers.
class LaneKernel {
public:
  /// Takes an op that verifies. Constants are emitted at `builder`.
  LaneKernel(OpBuilder &builder, ContractOp op,
             SmallVector<SmallVector<DecodeBuilder::StoredPart>> parts);

  /// Rows of the activation that one call sums for.
  int64_t getRows() const { return rows; }
  /// Bytes of an element of the activation.
  int64_t getElementBytes() const { return slices ? slices : sizeof(float); }

  /// Emits the sums of rows `block * getRows()` and on with panel `panel`: one
  /// vector for each row, finished but for the init.
  SmallVector<Value> emitSums(Value panel, Value block);

  /// Columns that decode together, a multiple of `multiple`.
  int64_t getChunk(int64_t multiple) const;
  /// Emits what `count` columns of panel `panel` decode to, at most a chunk,
  /// from `column` on, a multiple of one: a vector of f32 for each, with the
  /// factors but those of whole rows. Not for a weight with a state.
  SmallVector<Value> emitWeights(Value panel, Value column, int64_t chunk,
                                 int64_t count);
  /// The product of the factors of whole rows, a vector of f32; null where
  /// there is none.
  Value emitRowFactors(Value panel);

private:
  /// What sums of columns are carried along by a loop.
  using Sums = SmallVector<Value>;

  /// Whether an activation has one scale for several groups.
  bool hasRuns() const { return run > form.group; }
  bool inIntegers() {
    return op.getActivations().size() > 1 && !op.getRounded();
  }
  /// Whether these are of 16 bits, and not planes of bytes.
  bool inWords() const { return static_cast<bool>(wordTable); }
  void chooseTables(RankedTensorType activation);
  Value index(int64_t value);
  Value getRow(int64_t row);
  Value add(Value x, int64_t y);
  Value divide(Value column, int64_t offset, int64_t size);
  Value addF(Value x, Value y);
  Value mulF(Value x, Value y);
  /// A scalar of f32 as a vector; a vector as it is.
  Value toLanes(Value value);

  void startPanel();
  void readCodes(Value column, int64_t offset);
  void loopWithState(int64_t end, int64_t step, SmallVector<Value> &values,
                     function_ref<void(Value)> body);
  int64_t getLeastRun(int64_t otherwise) const;
  int64_t getStep() const;
  int64_t getMultiple() const;
  Sums emitSteps(Sums sums, Value begin, int64_t count);
  Sums emitRuns(Sums sums);
  Value getScale(Value run, int64_t row);
  Sums emitColumns(Sums sums, Value column, int64_t count);
  void readGroup(Value column, int64_t offset, int64_t multiple);
  Value readFactor(const LaneForm::Factor &form, Value column, int64_t offset,
                   int64_t multiple);
  Value toWeights(Value values);
  void startGroup(Value column, int64_t offset);
  void emitGroup(Value column, int64_t offset, int64_t end);
  void addRun(Value column, int64_t offset, int64_t end);
  void addColumns(Value codes, Value column, int64_t offset, int64_t limit);
  Sums finishGroup(Sums sums, Value column, int64_t offset);
  Value emitRowFactors();
  LaneBuilder getBuilder(unsigned stage, Value column, int64_t offset = 0,
                         int64_t multiple = 1);
  Value spreadChoice(Value choice);
  Value addChoice(Value codes);
  Value lookUpBytes(Value codes, Value table);
  SmallVector<Value> lookUpWords(Value codes);
  Value readFactors(Value column, int64_t offset, int64_t slice, int64_t row);
  Value getBytes(ArrayRef<uint8_t> values);
  void chooseChains();
  void joinChains();
  Value joinPlanes(int64_t row);
  void chooseHalves();
  Value joinHalves(Value codes, int64_t place);
  Value lookUpFloats(Value codes, int64_t place);
  void noteInfinite(Value codes);
  Value passOnInfinite(Value sum);

  OpBuilder &b;
  Location loc;
  ContractOp op;
  CodecAttr codec;
  SmallVector<Type> inputs;
  SmallVector<int64_t> shape;
  LaneForm form;
  ByteTable bytes;
  SmallVector<SmallVector<DecodeBuilder::StoredPart>> parts;
  int64_t lanes, planes = 0, rows = 1, columns;
  /// Vectors that the codes of a register are multiplied as, or activations
  /// that four columns have 32 bits of: planes of bytes, or the even columns
  /// and the odd ones of 16-bit integers. 0 in f32.
  int64_t slices = 0;
  /// Columns that share an activation's scale.
  int64_t run = 0;
  VectorType floats, integers, byteType;
  /// Of floats, of bytes, or of the upper ones of pairs and the lower ones.
  Value table, lowTable;
  /// Of 16-bit integers.
  Value wordTable;
  /// What the integers of a table are times.
  float unit = 1;
  /// Of the upper byte of an f32, and of the next one, where there are many
  /// values and no other byte is anything but zero.
  Value upperHalves, lowerHalves;
  Value panel, block;
  /// The sums of the group that is being emitted: of integers for each plane
  /// and row, or of f32 for each row. Each is kept in `chains` parts that wait
  /// for no other: all sums' first parts come first.
  SmallVector<Value> groupSums;
  int64_t chains = 1;
  /// Of the tile of the source that was read last.
  SmallVector<Value> codes;
  /// The source's after that tile; none where it has no state.
  SmallVector<Value> state;
  /// Of codes that stand for no finite value: the largest so far of what tells,
  /// in each byte, where sums of integers would not. Null where there are none.
  Value extent;
  /// Columns that are emitted without a loop, from one that is known: what is
  /// read together is of these.
  int64_t straight = 0;
  /// Factors that were read together, by their stage.
  llvm::SmallDenseMap<unsigned, Value> together;
  /// What makes weights of the group's values: less the zero points, times the
  /// factors but those of whole rows, plus the offsets. Null where there are
  /// none.
  Value zeroPoint, factor, addend;
  /// Where each group chooses a table: what its codes have above them, in
  /// bytes.
  Value choice;
};

} // namespace mlir::zq

#endif // ZQ_LIB_DIALECT_ZQ_TRANSFORMS_LANEKERNEL_H
