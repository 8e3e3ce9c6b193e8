//===- ErrorFeedback.h - Rounding that later columns make up for ----------===//
#ifndef ZQ_LIB_CODEC_ERRORFEEDBACK_H
#define ZQ_LIB_CODEC_ERRORFEEDBACK_H

#include "zq/Codec/Stage.h"

#include <memory>

namespace zq::codec {

/// What becomes of each element on its way through several stages.
using ElementMaps = std::vector<std::unique_ptr<ElementMap>>;

/// The values to encode in the place of `values`, finite f32, so that products
/// with activations of `moment` change little: GPTQ (Frantar et al.,
/// arXiv:2210.17323) with scales that are chosen beforehand. `maps` are those
/// of the stages, outermost first, that make codes of the values.
///
/// With L L^T = C + l I, l a hundredth of the mean of C's diagonal, an error E
/// of a row changes the products by |E L|^2. Columns are rounded in the order
/// of C's diagonal, the largest first, which is last in L; each one to what is
/// nearest to w + (the sum of E_k L_kj over the columns k before it) / L_jj.
/// This is Babai's nearest plane, which GPTQ is (arXiv:2507.18553), and needs
/// no inverse of C. Rows that are encoded together take part in it as they are
/// (VPTQ, arXiv:2409.17066). Columns that are go in blocks, in the order of the
/// sums of C's diagonal, to the entries that are nearest to w + (the sum of E_k
/// L_kj) L_jj^-1, with blocks of L (as in QuIP#'s block LDLQ,
/// arXiv:2402.04396).
Array withErrorFeedback(const Array &values, const Moment &moment,
                        const ElementMaps &maps);

} // namespace zq::codec

#endif // ZQ_LIB_CODEC_ERRORFEEDBACK_H
