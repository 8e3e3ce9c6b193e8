/*===- zq-c/Codec.h - Codecs and compressed tensors in C --------------------===
 *
 * The same meaning as everywhere in zq: these call the reference codecs.
 *
 *===-----------------------------------------------------------------------===*/
#ifndef ZQ_C_CODEC_H
#define ZQ_C_CODEC_H

#include "zq-c/Core.h"

#ifdef __cplusplus
extern "C" {
#endif

/*===-------------------------------- Codecs
 * --------------------------------===*/

/** A composition of stages: how a tensor is stored. */
typedef struct ZqCodec ZqCodec;

/** The codec that `text` names: a name of the table ("nvfp4"), the stages
 * ("quantize<si8>, pack") or the whole attribute ("#zq.codec<...>"). The error
 * shows the place in the text on two further lines. */
ZQ_API ZqError *zqCodecParse(const char *text, size_t length, ZqCodec **codec);
ZQ_API void zqCodecDestroy(ZqCodec *codec);

/** The name in the table; empty where it has none. */
ZQ_API void zqCodecGetName(const ZqCodec *codec, ZqTextCallback callback,
                           void *user);
/** The stages, as they are written inside "#zq.codec<...>". */
ZQ_API void zqCodecGetStages(const ZqCodec *codec, ZqTextCallback callback,
                             void *user);
/** Whether decoding gives back every bit of what was encoded. */
ZQ_API bool zqCodecIsLossless(const ZqCodec *codec);

/** The table of names: how many there are, and entry `index` of it. Its texts
 * end in a zero and are never freed. */
ZQ_API size_t zqGetNumNamedCodecs(void);
ZQ_API void zqGetNamedCodec(size_t index, const char **name,
                            const char **stages, const char **source);

/*===--------------------------------- Types
 * --------------------------------===*/

/** What a tensor is and how it is stored. */
typedef struct ZqTensorType ZqTensorType;

/** The type of a tensor of `shape` whose logical elements have the type
 * `element` (f32, f16, bf16, or i8 of codes). Fails where the codec cannot hold
 * such. */
ZQ_API ZqError *zqTensorTypeCreate(const ZqCodec *codec, ZqElementType element,
                                   size_t rank, const int64_t *shape,
                                   ZqTensorType **type);
/** The type that `text` states: "!zq.tensor<16x32xf32, #zq.codec<nvfp4>>". */
ZQ_API ZqError *zqTensorTypeParse(const char *text, size_t length,
                                  ZqTensorType **type);
ZQ_API void zqTensorTypeDestroy(ZqTensorType *type);
/** The type as `zqTensorTypeParse` takes it. */
ZQ_API void zqTensorTypeGetText(const ZqTensorType *type,
                                ZqTextCallback callback, void *user);
/** A codec that the caller destroys. */
ZQ_API ZqCodec *zqTensorTypeGetCodec(const ZqTensorType *type);
/** The type of the logical elements, which decoding gives. */
ZQ_API ZqElementType zqTensorTypeGetElement(const ZqTensorType *type);
ZQ_API size_t zqTensorTypeGetRank(const ZqTensorType *type);
/** `rank` sizes, which live as long as the type. */
ZQ_API const int64_t *zqTensorTypeGetShape(const ZqTensorType *type);
ZQ_API size_t zqTensorTypeGetNumStreams(const ZqTensorType *type);
/** Name, element type and shape of stream `index`; a size that is up to the
 * data is -1. Name and shape live as long as the type. */
ZQ_API void zqTensorTypeGetStream(const ZqTensorType *type, size_t index,
                                  const char **name, ZqElementType *element,
                                  size_t *rank, const int64_t **shape);
/** Stored bits per element of the tensor over all streams; negative where that
 * is up to the data. */
ZQ_API double zqTensorTypeGetRate(const ZqTensorType *type);

/*===-------------------------------- Tensors
 * -------------------------------===*/

/** A compressed tensor: a type and its streams. */
typedef struct ZqTensor ZqTensor;

/** Encodes `values`, whose shape is that of `type` and whose elements are
 * floats; they are rounded to the type's elements first, to nearest even. For a
 * type of i8 they are i8, and stored as they are.
 * `activations` is null or what the tensor will be multiplied by, vectors
 * [..., columns] of floats: the error of these products is then made small, by
 * feeding rounding errors back (GPTQ) and by what stages store aside.
 * Fails, naming the element, on what the codec cannot hold, and on activations
 * that it has no use for. */
ZQ_API ZqError *zqTensorEncode(const ZqTensorType *type, const ZqArray *values,
                               const ZqArray *activations, ZqTensor **tensor);
/** A tensor of copies of `numStreams` arrays, in the codec's order. Checks all
 * that decoding relies on. */
ZQ_API ZqError *zqTensorCreate(const ZqTensorType *type, size_t numStreams,
                               const ZqArray *streams, ZqTensor **tensor);
ZQ_API void zqTensorDestroy(ZqTensor *tensor);
/** Lives as long as the tensor. */
ZQ_API const ZqTensorType *zqTensorGetType(const ZqTensor *tensor);
/** Stream `index`, which must not be written to; lives as long as the tensor.
 */
ZQ_API ZqArray zqTensorGetStream(const ZqTensor *tensor, size_t index);
/** Decodes into `values`, whose shape and element type are the tensor's. */
ZQ_API ZqError *zqTensorDecode(const ZqTensor *tensor, const ZqArray *values);
/** The same values in the layout of `type`, as `zqProgramGetInput` gives it.
 * Fails where it differs from the tensor's type in anything else. */
ZQ_API ZqError *zqTensorRepack(const ZqTensor *tensor, const ZqTensorType *type,
                               ZqTensor **repacked);
/** The same values as a tensor of `type`, whose codec begins with the stages of
 * the tensor's and goes on with lossless ones: one entropy code is changed to
 * another, which is smaller or decodes faster. Fails where they differ in
 * anything else. */
ZQ_API ZqError *zqTensorTranscode(const ZqTensor *tensor,
                                  const ZqTensorType *type,
                                  ZqTensor **transcoded);

/*===-------------------------- Published layouts
 * ---------------------------===*/

/** What a file of DFloat11 has for one module, all of bytes, under the names
 * that they have there (github.com/LeanModels/DFloat11); `threadsPerBlock` is
 * its configuration's. */
typedef struct ZqDFloat11 {
  ZqArray luts, encodedExponent, signMantissa, outputPositions, gaps;
  int64_t threadsPerBlock;
} ZqDFloat11;

/** Decodes all elements of the module into `values`, of bf16. Fails on buffers
 * of another shape or another count of elements, and on codes that are damaged.
 */
ZQ_API ZqError *zqDFloat11Decode(const ZqDFloat11 *published,
                                 const ZqArray *values);

#ifdef __cplusplus
}
#endif

#endif /* ZQ_C_CODEC_H */
