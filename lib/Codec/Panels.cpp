//===- Panels.cpp - Side arrays stored with rows side by side -------------===//

#include "zq/Codec/Panels.h"
#include "Validate.h"

#include <cstring>

using namespace zq::codec;

Shape zq::codec::panelShape(const Shape &shape, int64_t rows) {
  Shape result = shape;
  int64_t columns = result.back();
  result.back() = rows;
  result.insert(result.end() - 1, columns);
  result[result.size() - 3] = ceilDiv(shape[shape.size() - 2], rows);
  return result;
}

/// Calls `copy(element, place)` for each element of an array of `shape` and its
/// place in the panels.
template <typename Copy>
static void forEachPlace(const Shape &shape, int64_t rows, Copy copy) {
  int64_t columns = shape.back(), height = shape[shape.size() - 2];
  int64_t count = 1;
  for (int64_t dim : shape)
    count *= dim;
  for (int64_t i = 0; i < count; ++i) {
    int64_t column = i % columns, row = i / columns % height;
    int64_t outer = i / columns / height;
    int64_t panel = outer * ceilDiv(height, rows) + row / rows;
    copy(i, (panel * columns + column) * rows + row % rows);
  }
}

Array zq::codec::toPanels(const Array &array, int64_t rows) {
  Array panels(array.type, panelShape(array.shape, rows));
  size_t width = byteWidth(array.type);
  forEachPlace(array.shape, rows, [&](int64_t element, int64_t place) {
    memcpy(panels.bytes.data() + place * width,
           array.bytes.data() + element * width, width);
  });
  return panels;
}

Array zq::codec::fromPanels(const Array &panels, const Shape &shape,
                            int64_t rows) {
  Array array(panels.type, shape);
  size_t width = byteWidth(array.type);
  forEachPlace(shape, rows, [&](int64_t element, int64_t place) {
    memcpy(array.bytes.data() + element * width,
           panels.bytes.data() + place * width, width);
  });
  return array;
}
