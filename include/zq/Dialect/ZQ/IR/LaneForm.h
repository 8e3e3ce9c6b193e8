//===- LaneForm.h - Codecs whose contractions have rows in their lanes ----===//
//
// What `zq.contract` takes: factors and offsets of blocks, then codes that
// stand for values of a small table, stored in panels of rows. Which stages
// these are is not known here, only what they answer.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_DIALECT_ZQ_IR_LANEFORM_H
#define ZQ_DIALECT_ZQ_IR_LANEFORM_H

#include "zq/Dialect/ZQ/IR/ZQ.h"

#include <optional>
#include <string>

namespace mlir::zq {

/// Codes of a row that are consecutive bytes: as many as `zq.dot` adds up.
constexpr int64_t laneDepth = 4;

/// The same for codes of factors and offsets, of which a column is read at a
/// time.
constexpr int64_t columnDepth = 1;

struct LaneForm {
  /// A stage that multiplies, by its place in the chain, and its blocks.
  struct Factor {
    unsigned stage;
    SmallVector<int64_t> block;
    /// Whether it is the same for all columns of what a row decodes to.
    bool isOfRows = false;
    /// Binary digits of its significands.
    int64_t digits = 0;
    /// Blocks of a row whose factors are read together: a register of bytes.
    int64_t together = 1;
  };

  /// A stage that adds a number to its blocks, likewise.
  struct Offset {
    unsigned stage;
    SmallVector<int64_t> block;
  };

  SmallVector<Factor> factors;
  SmallVector<Offset> offsets;
  /// Whether the last factor has zero points.
  bool hasZeroPoint = false;
  /// The places of the first stage that maps values to codes, and of the last
  /// one; those between map codes to codes.
  unsigned map = 0;
  unsigned source = 0;
  int64_t bits = 0;
  /// Bits of the choice of a table, of the stage above the source: 0 where
  /// there is one table for all blocks.
  int64_t choiceBits = 0;
  /// What each code decodes to, below the factors: 2^bits values for each
  /// choice. 0 for those that stand for infinities or NaN.
  SmallVector<float> values;
  /// Which these are: code c where `(c & mask) >= least`, if there are any.
  struct Infinite {
    uint8_t mask, least;
  };
  std::optional<Infinite> infinite;
  /// Columns that the source stores together.
  int64_t columns = 0;
  /// Whether the source has a state, which goes through a panel from its first
  /// column to its last.
  bool isSequential = false;
  /// Consecutive columns that share all factors and offsets; a multiple of
  /// `laneDepth`.
  int64_t group = 0;
  /// Columns whose factors and offsets are best taken together: such that are
  /// coded are stored so, and bytes fill a register. 1 where none are.
  int64_t factorColumns = 1;
};

/// What `stages`, which take in `inputs` and map each value to a code of at
/// most 8 bits, that perhaps to another, and do nothing else, decode the last
/// codes to; nothing of any other stages.
SmallVector<float> getCodeValues(ArrayRef<StageAttrInterface> stages,
                                 ArrayRef<Type> inputs, int64_t rank);

/// The form of a weight of rank 2 for `lanes` rows side by side. Nothing where
/// it has none, and then `why` says for what reason.
std::optional<LaneForm> getLaneForm(CompressedTensorType type, int64_t lanes,
                                    std::string &why);

/// What is left of `type` below a factor of whole rows that has no layout for
/// `lanes` rows: it leaves a contraction with that, where `zq-split-codecs`
/// makes an op of it. Null where the outermost stage is no such factor, what is
/// below has no form, or values are not f32.
CompressedTensorType getBelowRowFactor(CompressedTensorType type,
                                       int64_t lanes);

/// Whether a part of a stage that takes in a tensor of `shape`, with an element
/// for each `group` of a dimension's elements, is laid out for `lanes` rows:
/// one of all rows of a panel is read alone; others are in panels of rows, or
/// have a codec whose columns a `LaneBuilder` decodes.
bool isInLanes(const Part &part, ArrayRef<int64_t> shape,
               ArrayRef<int64_t> group, int64_t lanes);

/// `codec` of a tensor of `rank` with codes of `depth` columns side by side,
/// and all its stages laid out for `lanes` rows, where they have such a layout.
CodecAttr withLanes(CodecAttr codec, Type element, int64_t rank, int64_t lanes,
                    int64_t depth);

/// The type with the layout that `getLaneForm` wants, where its stages have it.
CompressedTensorType withLanes(CompressedTensorType type, int64_t lanes);

/// The values of a table as unsigned bytes: `(bytes[c] - offset) * unit`; or as
/// pairs of them: `(256 * (bytes[c] - offset) + low[c]) * unit`.
struct ByteTable {
  SmallVector<uint8_t> bytes, low;
  int64_t offset = 0;
  float unit = 1;
  /// The largest deviation from the values, over their largest magnitude; 0
  /// where they are integers times a power of two.
  double error = 0;
};

/// The table for activations in `planes` planes: of pairs for two of them,
/// where bytes do not hold the values.
ByteTable getByteTable(ArrayRef<float> values, int64_t planes);

/// The values of a table as signed 16-bit integers: `words[c] * unit`.
struct WordTable {
  SmallVector<int16_t> words;
  float unit = 1;
  /// As in a `ByteTable`.
  double error = 0;
  /// The largest magnitude of integers that a group of activations may have, so
  /// that no sum of products is beyond 32 bits.
  int64_t limit = 0;
};

/// The table for activations in a plane of 16-bit integers and sums of `group`
/// products: exact where that leaves the smaller error, else with as many
/// digits as the activations.
WordTable getWordTable(ArrayRef<float> values, int64_t group);

/// The binary digits of a weight's values times those of its factors that are
/// not the same for all columns: products of so many are exact. With zero
/// points or offsets, the values are f32's.
int64_t getDigits(const LaneForm &form);

/// How far a product may be off with activations in `planes` planes, over the
/// product of the largest activation of its run and the weight's largest
/// value: half a step of the planes, which a zero point and an offset share,
/// and the table's error, which is one of the table's largest value times the
/// factors: where these two cancel some of it, that counts as the weight's.
double getPlanesError(int64_t planes, const ByteTable &table);

/// The same with activations in a plane of 16-bit integers.
double getWordsError(const WordTable &table);

/// Columns, of `columns` in all, that share a scale where a weight is rounded
/// once more; 0 where its source cannot be decoded in parts.
int64_t getRoundedGroup(const LaneForm &form, int64_t columns);
/// What such a weight is off by, over the largest of those that share a scale.
constexpr double roundedError = 0.5 / 127;
/// What is added to its integers, which are signed.
constexpr int64_t roundedOffset = 128;

/// Columns of a run, which have one of the `scales` of a `zq.planes`: as many
/// whole groups as make so many runs of all `columns`.
int64_t getRun(Value scales, int64_t columns, int64_t group);

/// Changes the scales of `op` to those of runs of `run` columns.
void setRun(PlanesOp op, int64_t run);

} // namespace mlir::zq

#endif // ZQ_DIALECT_ZQ_IR_LANEFORM_H
