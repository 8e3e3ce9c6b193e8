//===- CompressedFiles.h - Compressed tensors in .safetensors files -------===//
//
// A compressed tensor NAME is stored as its streams, the tensors
// `NAME.<stream>`, and the text of its type in the file's metadata:
//
//   "zq.NAME": "!zq.tensor<1536x384xf32, #zq.codec<nvfp4>>"
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_RUNTIME_COMPRESSEDFILES_H
#define ZQ_RUNTIME_COMPRESSEDFILES_H

#include "zq/Codec/Result.h"
#include "zq/Codec/Stage.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"
#include "zq/Runtime/Safetensors.h"

#include <string>
#include <vector>

namespace mlir::zq {

/// The names of the tensors of a file, a compressed one counted once.
std::vector<std::string>
getTensorNames(const ::zq::runtime::SafetensorsReader &file);

/// Whether the file states a type for the tensor `name`.
bool isCompressed(const ::zq::runtime::SafetensorsReader &file,
                  const std::string &name);

/// The type that the file states for the compressed tensor `name`. Errors name
/// the metadata key.
::zq::codec::Result<CompressedTensorType>
readCompressedType(const ::zq::runtime::SafetensorsReader &file,
                   const std::string &name, MLIRContext *context);

/// The streams of the compressed tensor `name`, checked as `checkStreams` does.
/// `scope` is where the decoder is looked up that the codec may name.
::zq::codec::Result<std::vector<::zq::codec::Stream>>
readCompressedTensor(const ::zq::runtime::SafetensorsReader &file,
                     const std::string &name, CompressedTensorType type,
                     Operation *scope);

/// Checks streams against `type`: their number, element types and shapes, and
/// whatever decoding relies on. A decoder that is known to the IR only says
/// nothing of values, so that it must itself be safe with any.
::zq::codec::Status
checkStreams(const std::vector<::zq::codec::Stream> &streams,
             CompressedTensorType type, Operation *scope);

/// Adds a compressed tensor to what will be written.
void addCompressedTensor(::zq::runtime::SafetensorsFile &file,
                         const std::string &name, CompressedTensorType type,
                         std::vector<::zq::codec::Stream> streams);

/// Encodes a dense tensor by the reference. Float values of another element
/// type than that of `type` are rounded to it first, to nearest even. `moment`,
/// if it is known, is that of the activations that the tensor will multiply.
::zq::codec::Result<std::vector<::zq::codec::Stream>>
encodeDense(const ::zq::codec::Array &dense, CompressedTensorType type,
            const ::zq::codec::Moment *moment = nullptr);

/// The codec that `text` names: a name of the table (`nvfp4`), the stages
/// (`quantize<si8>, pack`), or the whole attribute (`#zq.codec<...>`). An error
/// shows the place in the text on two further lines.
::zq::codec::Result<CodecAttr> parseCodec(StringRef text, MLIRContext *context);

/// The type that `text` states ("!zq.tensor<16x32xf32, #zq.codec<nvfp4>>").
::zq::codec::Result<CompressedTensorType>
parseCompressedType(StringRef text, MLIRContext *context);

/// What to call a codec in a message: its name in the table, else its stages.
std::string getCodecText(CodecAttr codec);

} // namespace mlir::zq

#endif // ZQ_RUNTIME_COMPRESSEDFILES_H
