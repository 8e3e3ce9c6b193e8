//===- ScaleFit.h - The scales and zero points chosen for a tensor --------===//
#ifndef ZQ_LIB_CODEC_SCALEFIT_H
#define ZQ_LIB_CODEC_SCALEFIT_H

#include "zq/Codec/Scale.h"

namespace zq::codec {

/// One scale a block, and one zero point where there are any.
struct Scale::Fit {
  /// The side arrays.
  Array scale;
  Array zero;
  /// What these read back as, in f32.
  Array scaleRead;
  Array zeroRead;
};

} // namespace zq::codec

#endif // ZQ_LIB_CODEC_SCALEFIT_H
