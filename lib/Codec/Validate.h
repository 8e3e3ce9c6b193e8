//===- Validate.h - What the stages refuse, and in which words ------------===//
//
// Streams may come from a file that somebody else wrote. Everything the stages
// check in common is here, so that one fault has one wording.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_LIB_CODEC_VALIDATE_H
#define ZQ_LIB_CODEC_VALIDATE_H

#include "zq/Codec/Array.h"
#include "zq/Codec/Result.h"

namespace zq::codec {

/// "[3, 17]".
std::string toString(const std::vector<int64_t> &shape);

/// "element [3, 17]" for the element at row-major `index` of `shape`.
std::string elementName(const std::vector<int64_t> &shape, int64_t index);

/// Whether dimensions are non-negative and sizes computed from them, in bits
/// too, stay far from overflow.
Status checkShape(const std::vector<int64_t> &shape);

/// Whether `array` has this type and shape, and the bytes to go with them.
/// `what` names it in messages.
Status checkArray(const std::string &what, const Array &array, ElementType type,
                  const std::vector<int64_t> &shape);

/// The same, and whether a stage that needs rows, `keyword`, has them: a rank
/// of 1 or more.
Status checkRows(const std::string &keyword, const std::vector<int64_t> &shape);

/// Whether `count` side streams are what `keyword` has.
Status checkCount(const std::string &keyword, size_t count, size_t expected);

/// Whether the main array of `keyword` has this shape and type; one that is not
/// there, null, is fine.
Status checkMain(const std::string &keyword, const Array *main,
                 const std::vector<int64_t> &shape,
                 ElementType type = ElementType::F32);

/// Whether the last stage of a chain, `keyword`, has its main array and, as it
/// needs them, rows.
Status checkLast(const std::string &keyword, const Array *main,
                 const std::vector<int64_t> &shape);

/// Whether elements of this type are floating-point numbers.
bool isFloat(ElementType type);

/// The elements of a floating-point array in f32.
Array widened(const Array &array);

/// Whether `array` is a well-formed floating-point array, as `keyword` needs.
Status checkFloat(const std::string &keyword, const Array &array);

/// Whether every element of an f32 array is finite; `keyword` names who needs
/// them so.
Status checkFinite(const std::string &keyword, const Array &f32);

/// The elements of a floating-point array in f32. Fails on other arrays and on
/// elements that are not finite; `keyword` names who needs them so.
Result<Array> finiteF32(const std::string &keyword, const Array &array);

/// Whether every element of `codes` (I8, I16 or I32) is below `count`.
Status checkCodes(const std::string &keyword, const Array &codes,
                  int64_t count);

/// Whether `symbols`, what `keyword` is to encode, are i8 of this many bits in
/// rows.
Status checkSymbols(const std::string &keyword, const Array &symbols, int bits);

/// ceil(a / b) for a >= 0, b > 0.
inline int64_t ceilDiv(int64_t a, int64_t b) { return a / b + (a % b != 0); }

} // namespace zq::codec

#endif // ZQ_LIB_CODEC_VALIDATE_H
