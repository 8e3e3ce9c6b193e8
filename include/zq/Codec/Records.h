//===- Records.h - Arrays of a codec side by side -------------------------===//
//
// A product that walks along rows reads codes and what scales them as one
// stream where they lie in one array, in the order in which they are read.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_RECORDS_H
#define ZQ_CODEC_RECORDS_H

#include "zq/Codec/Stage.h"

namespace zq::codec {

/// Streams of a matrix [m, n] that lie side by side in one: an array of bytes
/// [ceil(m / lanes), ceil(n / columns), bytes], whose record [p, r] has what
/// the streams hold for rows p * lanes and on, columns r * columns and on: the
/// components one after the other, as bytes. Zeros where there is nothing.
class Records {
public:
  /// A stream [ceil(m / lanes), ceil(n / columns), size]; a record's columns
  /// are a multiple of `columns`.
  struct Component {
    size_t stream;
    ElementType type;
    int64_t columns, size;
  };

  /// Requires components in the order of their streams, one or more.
  Records(int64_t lanes, int64_t columns, std::vector<Component> components);

  /// The streams that are no components, and then the records.
  Result<std::vector<Stream>> join(const std::vector<Stream> &streams,
                                   const Shape &shape) const;

  /// What `join` made them of, but for the names of the components, which are
  /// empty. Fails where there are no records of a tensor of `shape`.
  Result<std::vector<Stream>> split(const std::vector<Stream> &streams,
                                    const Shape &shape) const;

  /// How many streams `join` makes of `count`.
  size_t numStreams(size_t count) const {
    return count - components.size() + 1;
  }

private:
  int64_t itemBytes(const Component &component) const;
  Shape recordShape(const Shape &shape) const;
  Shape shapeOf(const Component &component, const Shape &shape) const;
  template <typename Copy>
  void forEachItem(size_t component, const Shape &shape, Copy copy) const;

  int64_t lanes, columns, bytes = 0;
  std::vector<Component> components;
  /// Where each begins in a record.
  std::vector<int64_t> offsets;
};

} // namespace zq::codec

#endif // ZQ_CODEC_RECORDS_H
