//===- Panels.h - Side arrays stored with rows side by side ---------------===//
#ifndef ZQ_CODEC_PANELS_H
#define ZQ_CODEC_PANELS_H

#include "zq/Codec/Stage.h"

namespace zq::codec {

/// The shape of an array of `shape`, of rank 2 or more, in panels of `rows`
/// rows: [..., ceil(m / rows), n, rows] for its last dimensions m and n.
Shape panelShape(const Shape &shape, int64_t rows);

/// `array` in panels: element [i, j] of its last dimensions is at
/// [i / rows, j, i % rows]; zeros where there is no row.
Array toPanels(const Array &array, int64_t rows);

/// The array of `shape` that `panels`, of its panel shape, was made of.
Array fromPanels(const Array &panels, const Shape &shape, int64_t rows);

} // namespace zq::codec

#endif // ZQ_CODEC_PANELS_H
