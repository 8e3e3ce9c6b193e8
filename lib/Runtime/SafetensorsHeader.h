//===- SafetensorsHeader.h - The JSON header of a .safetensors file -------===//
#ifndef ZQ_LIB_RUNTIME_SAFETENSORSHEADER_H
#define ZQ_LIB_RUNTIME_SAFETENSORSHEADER_H

#include "zq/Runtime/Safetensors.h"

namespace zq::runtime {

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> tensors;
  std::map<std::string, std::string> metadata;
};

/// Reads the `size` bytes of JSON at `text` and checks every field; `dataSize`
/// is the number of bytes behind the header. Memory used is in proportion to
/// `size`. The message does not name the file.
codec::Result<SafetensorsHeader>
parseSafetensorsHeader(const char *text, size_t size, uint64_t dataSize);

/// The JSON of `header`, padded with spaces to a multiple of 8 bytes. Fails on
/// names that repeat and on text that is not UTF-8.
codec::Result<std::string>
printSafetensorsHeader(const SafetensorsHeader &header);

} // namespace zq::runtime

#endif // ZQ_LIB_RUNTIME_SAFETENSORSHEADER_H
