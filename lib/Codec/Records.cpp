//===- Records.cpp - Arrays of a codec side by side -----------------------===//

#include "zq/Codec/Records.h"
#include "Validate.h"

#include <algorithm>
#include <cassert>

using namespace zq::codec;

Records::Records(int64_t lanes, int64_t columns,
                 std::vector<Component> components)
    : lanes(lanes), columns(columns), components(std::move(components)) {
  assert(!this->components.empty() && "a record of nothing");
  for (const Component &component : this->components) {
    offsets.push_back(bytes);
    bytes += columns / component.columns * itemBytes(component);
  }
}

int64_t Records::itemBytes(const Component &component) const {
  return component.size * int64_t(byteWidth(component.type));
}

Shape Records::recordShape(const Shape &shape) const {
  return {ceilDiv(shape[0], lanes), ceilDiv(shape[1], columns), bytes};
}

Shape Records::shapeOf(const Component &component, const Shape &shape) const {
  return {ceilDiv(shape[0], lanes), ceilDiv(shape[1], component.columns),
          component.size};
}

/// Calls `copy(place, record, count)`: where an item of a component begins
/// among the bytes of its own array and in the records, and its bytes.
template <typename Copy>
void Records::forEachItem(size_t component, const Shape &shape,
                          Copy copy) const {
  const Component &own = components[component];
  const Shape items = shapeOf(own, shape);
  const int64_t size = itemBytes(own), perRecord = columns / own.columns;
  const int64_t records = ceilDiv(shape[1], columns);
  for (int64_t panel = 0; panel < items[0]; ++panel)
    for (int64_t i = 0; i < items[1]; ++i)
      copy((panel * items[1] + i) * size,
           (panel * records + i / perRecord) * bytes + offsets[component] +
               i % perRecord * size,
           size);
}

Result<std::vector<Stream>> Records::join(const std::vector<Stream> &streams,
                                          const Shape &shape) const {
  if (shape.size() != 2)
    return Error{"records need a tensor of rank 2"};
  for (const Shape &checked : {shape, recordShape(shape)})
    if (Status valid = checkShape(checked); !valid)
      return valid.error();
  std::vector<Stream> result;
  Stream records{"records", Array(ElementType::I8, recordShape(shape))};
  size_t next = 0;
  for (size_t i = 0; i < streams.size(); ++i) {
    if (next == components.size() || components[next].stream != i) {
      result.push_back(streams[i]);
      continue;
    }
    const Array &array = streams[i].array;
    if (Status valid = checkArray(streams[i].name, array, components[next].type,
                                  shapeOf(components[next], shape));
        !valid)
      return valid.error();
    forEachItem(next++, shape, [&](int64_t from, int64_t to, int64_t count) {
      std::copy_n(array.bytes.data() + from, count,
                  records.array.bytes.data() + to);
    });
  }
  if (next != components.size())
    return Error{"records have " + std::to_string(components.size()) +
                 " components, got " + std::to_string(next)};
  result.push_back(std::move(records));
  return result;
}

Result<std::vector<Stream>> Records::split(const std::vector<Stream> &streams,
                                           const Shape &shape) const {
  if (shape.size() != 2)
    return Error{"records need a tensor of rank 2"};
  if (Status valid = checkShape(shape); !valid)
    return valid.error();
  if (streams.empty())
    return Error{"there are no records"};
  const Array &records = streams.back().array;
  if (Status valid =
          checkArray("records", records, ElementType::I8, recordShape(shape));
      !valid)
    return valid.error();
  std::vector<Stream> result(streams.begin(), streams.end() - 1);
  for (size_t i = 0; i < components.size(); ++i) {
    const Component &component = components[i];
    if (component.stream > result.size())
      return Error{"the codec has streams beside its records, got " +
                   std::to_string(streams.size() - 1)};
    Array array(component.type, shapeOf(component, shape));
    forEachItem(i, shape, [&](int64_t to, int64_t from, int64_t count) {
      std::copy_n(records.bytes.data() + from, count, array.bytes.data() + to);
    });
    result.insert(result.begin() + component.stream, {"", std::move(array)});
  }
  return result;
}
