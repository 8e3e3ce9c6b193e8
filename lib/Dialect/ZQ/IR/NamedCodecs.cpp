//===- NamedCodecs.cpp - The table of codec names -------------------------===//
//
// Formats are data. A composition stands for what a paper or a file format
// means; where its parameters are ours, the source says so.
//
//===----------------------------------------------------------------------===//
#include "zq/Dialect/ZQ/IR/NamedCodecs.h"

using namespace mlir::zq;

static const NamedCodec table[] = {
    // Integers in groups.
    {"int8_g128", "scale<1x128, f16>, quantize<si8>, pack",
     "Symmetric groups of 128."},
    {"int4_g128", "scale<1x128, f16>, quantize<si4>, pack",
     "Symmetric groups of 128."},
    {"int4_g32", "scale<1x32, f16>, quantize<si4>, pack",
     "Symmetric groups of 32."},
    {"int4_zp_g128",
     "scale<1x128, f16, zero = [quantize<ui4>, pack]>, quantize<ui4>, "
     "pack",
     "GPTQ and AWQ: zero points of 4 bits, packed."},
    {"int3_zp_g128",
     "scale<1x128, f16, zero = [quantize<ui3>, pack]>, quantize<ui3>, "
     "pack",
     "GPTQ at 3 bits."},
    {"int2_zp_g64",
     "scale<1x64, f16, zero = [quantize<ui2>, pack]>, quantize<ui2>, "
     "pack",
     "GPTQ at 2 bits."},
    {"int4_h128",
     "hadamard<axis = 1, block = 128, seed = 1>, scale<1x128, bf16, "
     "zero>, quantize<ui4>, pack",
     "QuaRot (arXiv:2404.00456): rotated in blocks of 128."},
    {"int8_row", "scale<1x?, f32>, quantize<si8>, pack",
     "One scale per output channel (LLM.int8, arXiv:2208.07339)."},

    // Normal floats.
    {"nf4",
     "scale<1x64, f32>, lookup<[-1.0, -0.6961928, -0.52507305, "
     "-0.3949175, -0.28444138, -0.18477343, -0.091050036, 0.0, "
     "0.0795803, 0.1609302, 0.2461123, 0.33791524, 0.44070983, 0.562617, "
     "0.72295684, 1.0]>, pack",
     "QLoRA (arXiv:2305.14314), scales as they are."},
    {"nf4_dq",
     "scale<1x64, [offset<tensor, f32, mean>, scale<1x256, f32>, "
     "quantize<f8E4M3FN>, pack]>, lookup<[-1.0, -0.6961928, -0.52507305, "
     "-0.3949175, -0.28444138, -0.18477343, -0.091050036, 0.0, 0.0795803, "
     "0.1609302, 0.2461123, 0.33791524, 0.44070983, 0.562617, 0.72295684, "
     "1.0]>, pack",
     "QLoRA (arXiv:2305.14314) with double quantization: scales less their "
     "mean, in 8-bit floats."},
    {"nf4_dq_dynamic",
     "scale<1x64, [offset<tensor, f32, mean>, scale<1x256, f32>, "
     "lookup<[-0.99296874, -0.9789063, -0.96484375, -0.9507812, -0.93671876,"
     " -0.92265624, -0.9085938, -0.89453125, -0.8804687, -0.86640626, "
     "-0.85234374, -0.8382813, -0.82421875, -0.8101562, -0.79609376, "
     "-0.78203124, -0.7679688, -0.75390625, -0.7398437, -0.72578126, "
     "-0.7117188, -0.6976563, -0.68359375, -0.6695312, -0.65546876, "
     "-0.6414063, -0.6273438, -0.61328125, -0.5992187, -0.58515626, "
     "-0.5710938, -0.5570313, -0.54296875, -0.5289062, -0.5148437, "
     "-0.50078124, -0.4867187, -0.47265625, -0.45859373, -0.44453126, "
     "-0.43046874, -0.41640624, -0.40234375, -0.38828123, -0.37421876, "
     "-0.36015624, -0.34609374, -0.33203125, -0.31796873, -0.30390626, "
     "-0.28984374, -0.27578127, -0.26171875, -0.24765624, -0.23359375, "
     "-0.21953125, -0.20546874, -0.19140625, -0.17734376, -0.16328125, "
     "-0.14921875, -0.13515624, -0.12109375, -0.107031256, -0.09859375, "
     "-0.09578126, -0.092968754, -0.09015625, -0.08734375, -0.08453125, "
     "-0.08171876, -0.07890625, -0.07609375, -0.07328125, -0.070468746, "
     "-0.067656256, -0.06484375, -0.06203125, -0.059218753, -0.05640625, "
     "-0.05359375, -0.05078125, -0.04796875, -0.04515625, -0.042343747, "
     "-0.03953125, -0.036718752, -0.03390625, -0.03109375, -0.028281251, "
     "-0.02546875, -0.02265625, -0.019843752, -0.01703125, -0.01421875, "
     "-0.01140625, -0.00971875, -0.009156249, -0.00859375, -0.00803125, "
     "-0.00746875, -0.00690625, -0.00634375, -0.00578125, -0.0052187503, "
     "-0.0046562497, -0.00409375, -0.0035312497, -0.00296875, -0.00240625, "
     "-0.00184375, -0.0012812499, -0.0009437501, -0.00083125, "
     "-0.00071875006, -0.0006062501, -0.00049375003, -0.00038125002, "
     "-0.00026875004, -0.00015625001, -8.875e-05, -6.625e-05, -4.375e-05, "
     "-2.1249998e-05, -7.75e-06, -3.2500002e-06, -5.5000004e-07, 0.0, "
     "5.5000004e-07, 3.2500002e-06, 7.75e-06, 2.1249998e-05, 4.375e-05, "
     "6.625e-05, 8.875e-05, 0.00015625001, 0.00026875004, 0.00038125002, "
     "0.00049375003, 0.0006062501, 0.00071875006, 0.00083125, 0.0009437501, "
     "0.0012812499, 0.00184375, 0.00240625, 0.00296875, 0.0035312497, "
     "0.00409375, 0.0046562497, 0.0052187503, 0.00578125, 0.00634375, "
     "0.00690625, 0.00746875, 0.00803125, 0.00859375, 0.009156249, "
     "0.00971875, 0.01140625, 0.01421875, 0.01703125, 0.019843752, "
     "0.02265625, 0.02546875, 0.028281251, 0.03109375, 0.03390625, "
     "0.036718752, 0.03953125, 0.042343747, 0.04515625, 0.04796875, "
     "0.05078125, 0.05359375, 0.05640625, 0.059218753, 0.06203125, "
     "0.06484375, 0.067656256, 0.070468746, 0.07328125, 0.07609375, "
     "0.07890625, 0.08171876, 0.08453125, 0.08734375, 0.09015625, "
     "0.092968754, 0.09578126, 0.09859375, 0.107031256, 0.12109375, "
     "0.13515624, 0.14921875, 0.16328125, 0.17734376, 0.19140625, "
     "0.20546874, 0.21953125, 0.23359375, 0.24765624, 0.26171875, "
     "0.27578127, 0.28984374, 0.30390626, 0.31796873, 0.33203125, "
     "0.34609374, 0.36015624, 0.37421876, 0.38828123, 0.40234375, "
     "0.41640624, 0.43046874, 0.44453126, 0.45859373, 0.47265625, 0.4867187,"
     " 0.50078124, 0.5148437, 0.5289062, 0.54296875, 0.5570313, 0.5710938, "
     "0.58515626, 0.5992187, 0.61328125, 0.6273438, 0.6414063, 0.65546876, "
     "0.6695312, 0.68359375, 0.6976563, 0.7117188, 0.72578126, 0.7398437, "
     "0.75390625, 0.7679688, 0.78203124, 0.79609376, 0.8101562, 0.82421875, "
     "0.8382813, 0.85234374, 0.86640626, 0.8804687, 0.89453125, 0.9085938, "
     "0.92265624, 0.93671876, 0.9507812, 0.96484375, 0.9789063, 0.99296874, "
     "1.0]>, pack]>, lookup<[-1.0, -0.6961928, -0.52507305, -0.3949175, "
     "-0.28444138, -0.18477343, -0.091050036, 0.0, 0.0795803, 0.1609302, "
     "0.2461123, 0.33791524, 0.44070983, 0.562617, 0.72295684, 1.0]>, pack",
     "The same with the 8-bit numbers of QLoRA's released code: "
     "bitsandbytes' dynamic map, whose steps grow by decades."},
    {"nf3_dq",
     "scale<1x64, [offset<tensor, f32, min>, scale<1x256, bf16>, "
     "quantize<ui8>, pack]>, lookup<[-1.0, -0.4786291, -0.21714, 0.0, "
     "0.16093, 0.33791524, 0.562617, 1.0]>, pack",
     "The same quantiles at 3 bits, with double quantization as in LQ-LoRA "
     "(arXiv:2311.12023): scales less the smallest, in 8-bit integers."},
    {"nf2_dq",
     "scale<1x64, [offset<tensor, f32, min>, scale<1x256, bf16>, "
     "quantize<ui8>, pack]>, lookup<[-1.0, 0.0, 0.33791524, 1.0]>, pack",
     "The same at 2 bits (LQ-LoRA, arXiv:2311.12023); not symmetric."},
    {"nf3_e4m3_huff",
     "scale<tensor, f32>, scale<1x64, f8E4M3FN>, lookup<[-1.0, "
     "-0.4786291, -0.21714, 0.0, 0.16093, 0.33791524, 0.562617, 1.0]>, "
     "huffman<chunk = 1024, length = 8>",
     "Normal floats of 3 bits under a Huffman code."},

    // Small floats with plain scales.
    {"fp4_e2m1_g32", "scale<1x32, f16>, quantize<f4E2M1FN>, pack",
     "The element type of OCP MX under f16 scales."},
    {"fp6_e3m2_g32", "scale<1x32, f16>, quantize<f6E3M2FN>, pack",
     "The element type of OCP MX under f16 scales."},
    {"fp6_e2m3_g32", "scale<1x32, f16>, quantize<f6E2M3FN>, pack",
     "The element type of OCP MX under f16 scales."},
    {"fp8_e4m3", "scale<tensor, f32>, quantize<f8E4M3FN>, pack",
     "OCP FP8 (arXiv:2209.05433), a scale per tensor."},
    {"fp8_e5m2", "scale<tensor, f32>, quantize<f8E5M2>, pack",
     "OCP FP8 (arXiv:2209.05433), a scale per tensor."},
    {"fp6_4p2", "scale<1x?, f16>, quantize<f6E3M2FN>, pack<split>",
     "FP6-LLM (arXiv:2401.14112): planes of 2 and 4 bits, without the "
     "permutation for one GPU."},
    {"llm_fp4", "scale<1x?, f32, search>, quantize<f4E2M1FN>, pack",
     "LLM-FP4 (arXiv:2310.16836): a real exponent bias b per channel is "
     "a scale of 2^-b."},

    // Block formats.
    {"mxfp8_e4m3", "scale<1x32, f8E8M0FNU, floor>, quantize<f8E4M3FN>, pack",
     "OCP MX 1.0."},
    {"mxfp8_e5m2", "scale<1x32, f8E8M0FNU, floor>, quantize<f8E5M2>, pack",
     "OCP MX 1.0."},
    {"mxfp6_e3m2", "scale<1x32, f8E8M0FNU, floor>, quantize<f6E3M2FN>, pack",
     "OCP MX 1.0."},
    {"mxfp6_e2m3", "scale<1x32, f8E8M0FNU, floor>, quantize<f6E2M3FN>, pack",
     "OCP MX 1.0."},
    {"mxfp4", "scale<1x32, f8E8M0FNU, floor>, quantize<f4E2M1FN>, pack",
     "OCP MX 1.0; GGUF's MXFP4."},
    {"mxint8", "scale<1x32, f8E8M0FNU, floor>, quantize<si8>, pack",
     "OCP MX 1.0; its implied factor of 2^-6 is part of the scale here."},
    {"mxfp4_ceil", "scale<1x32, f8E8M0FNU, ceil>, quantize<f4E2M1FN>, pack",
     "INT v.s. FP (arXiv:2510.25602): scales rounded up, so that nothing "
     "saturates."},
    {"nvfp4",
     "scale<tensor, f32>, scale<1x16, f8E4M3FN>, quantize<f4E2M1FN>, "
     "pack",
     "NVIDIA's checkpoints."},
    {"nvfp4_divided",
     "scale<1x16, [scale<tensor, f32, divide>, quantize<f8E4M3FN>, pack]>, "
     "quantize<f4E2M1FN>, pack",
     "compressed-tensors' NVFP4: a block's scale is its E4M3 number divided by "
     "the global scale, and then multiplies."},
    {"nvint4",
     "scale<tensor, f32>, scale<1x16, f8E4M3FN>, quantize<si4, "
     "symmetric>, pack",
     "INT v.s. FP (arXiv:2510.25602)."},
    {"fp4_ue5m3",
     "scale<1x16, [quantize<ue5m3>, pack]>, quantize<f4E2M1FN>, pack",
     "Block scales with a wider exponent than e4m3, and no scale of the "
     "tensor."},

    // Other grids.
    {"bitmod_fp3",
     "tables<1x128, f16, [[-4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0], "
     "[-4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0], [-4.0, -2.0, -1.0, "
     "0.0, 1.0, 2.0, 4.0, 6.0], [-6.0, -4.0, -2.0, -1.0, 0.0, 1.0, 2.0, "
     "4.0]], tags = [pack]>, pack",
     "BitMoD (arXiv:2411.11745): each group picks the value of the spare "
     "code."},
    {"bitmod_fp4",
     "tables<1x128, f16, [[-12.0, -8.0, -6.0, -4.0, -3.0, -2.0, -1.0, "
     "0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 12.0], [-12.0, -10.0, "
     "-8.0, -6.0, -4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 6.0, "
     "8.0, 12.0], [-12.0, -8.0, -6.0, -4.0, -3.0, -2.0, -1.0, 0.0, 1.0, "
     "2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0], [-16.0, -12.0, -8.0, -6.0, "
     "-4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0]], "
     "tags = [pack]>, pack",
     "BitMoD (arXiv:2411.11745)."},
    {"direction16",
     "scale<1x16, f16, search>, lookup<[-13.177896, -10.464621, "
     "-7.247316, -5.036433, -3.401604, -2.120591, -1.0, 0.0, 1.0, "
     "2.120591, 3.401604, 5.036433, 7.247316, 10.464621, 13.177896]>, "
     "pack",
     "Direction-preserving numbers: 15 levels for blocks of 16. The "
     "scale of least squares is that of the least angle."},
    {"powerquant4", "scale<1x?, f32>, power<bits = 4, exponent = 0.75>, pack",
     "PowerQuant (arXiv:2301.09858); 0.75 suits normal data."},
    {"bipolar4", "scale<1x128, f16>, quantize<si4, bipolar>, pack<planar>",
     "Bipolar integers, each bit plane for itself."},
    {"double_rounding_8_4",
     "scale<1x?, f32>, quantize<si8>, nested<bits = 4>, pack",
     "Double Rounding: 4 bits read from 8 stored ones."},
    {"hawqv3_int4",
     "scale<1x?, [dyadic<bits = 24>, pack]>, quantize<si4, symmetric>, "
     "pack",
     "HAWQ-V3 (arXiv:2011.10680): scales m * 2^-e. Of its 31 bits of m the "
     "lowest 7 are zeros for a scale that is an f32, so that 24 hold them "
     "all."},
    {"hawqv3_int4_m16",
     "scale<1x?, [dyadic<bits = 16>, pack]>, quantize<si4, symmetric>, "
     "pack",
     "HAWQ-V3 with 16 bits of m, for multipliers of 16 bits."},
    {"ternary",
     "scale<tensor, f32, meanabs>, quantize<levels = 3>, pack<radix = 3>",
     "BitNet b1.58 (arXiv:2402.17764)."},
    {"binary", "scale<1x?, f32, meanabs>, quantize<si1, bipolar>, pack",
     "XNOR-Net (arXiv:1603.05279)."},
    {"zeroquant_fp4_m1",
     "lowrank<rank = 8, error, [scale<1x?, f32>, quantize<si8>, pack]>, "
     "scale<1x256, f8E8M0FNU>, quantize<f4E2M1FN>, pack",
     "ZeroQuant-FP (arXiv:2307.09782), scales rounded up to a power of "
     "two, with LoRC."},
    {"zeroquant_fp4_m2",
     "lowrank<rank = 8, error, [scale<1x?, f32>, quantize<si8>, pack]>, "
     "scale<32x256, f32>, scale<1x256, f8E8M0FNU, down>, quantize<f4E2M1FN>, "
     "pack",
     "ZeroQuant-FP (arXiv:2307.09782) with LoRC, by the formula of M2: in a "
     "group of rows the largest scale over a power of two that is not below "
     "its "
     "ratio to the row's own. Up to a binade saturates."},
    {"zeroquant_fp4_m2_ceil",
     "lowrank<rank = 8, error, [scale<1x?, f32>, quantize<si8>, pack]>, "
     "scale<32x256, f32>, scale<1x256, f8E8M0FNU>, quantize<f4E2M1FN>, "
     "pack",
     "The same with a power of two that is not above the ratio, so that "
     "nothing "
     "saturates: this loses less than M1, as the paper has it of M2."},

    // Outliers and low rank.
    {"spqr3",
     "outliers<fraction = 0.01, add, search, f16>, scale<1x16, [scale<16x1, "
     "f16, "
     "zero = f16>, quantize<ui3>, pack], zero = [scale<16x1, f16, zero = "
     "f16>, quantize<ui3>, pack]>, quantize<ui3>, pack",
     "SpQR (arXiv:2306.03078): 3-bit statistics of 3-bit groups, 1 % of "
     "outliers in CSR, chosen by the error that they cause; with activations "
     "(zq-encode --activations) by that of the products, and rounding errors "
     "are fed back."},
    {"eora_int4",
     "lowrank<rank = 64, error, f16>, scale<1x128, f16>, quantize<si4>, "
     "pack",
     "EoRA (arXiv:2410.21271): with activations (zq-encode --activations) the "
     "rank that is best for the products, without them for the weights."},
    {"lq_lora",
     "lowrank<rank = 64, search, f16>, scale<1x64, [offset<tensor, f32, "
     "min>, scale<1x256, bf16>, quantize<ui8>, pack]>, lookup<[-1.0, "
     "-0.4786291, -0.21714, 0.0, 0.16093, 0.33791524, 0.562617, 1.0]>, pack",
     "LQ-LoRA (arXiv:2311.12023): the low rank and the quantized rest are "
     "found in turns. Of several widths zq-encode --budget picks one for "
     "each matrix. With activations the products' error counts, in the place"
     " of the Fisher information."},
    {"int2_1",
     "lowrank<rank = 64, error, f16>, scale<1x64, f16, zero = "
     "[quantize<ui2>, pack]>, quantize<ui2>, pack",
     "INT2.1 (arXiv:2306.08162): integers of 2 bits and a low rank that "
     "corrects them."},

    // Sparse.
    {"sparse_2_4", "sparse<2:4, [pack]>, scale<1x64, f16>, quantize<si4>, pack",
     "The 2:4 pattern of sparse tensor cores over 4-bit integers."},
    {"bitmap_8_16", "sparse<8:16, [pack]>, raw<f16>",
     "Half of the values, as they are."},
    {"bitmap_int4", "scale<1x64, f16>, quantize<si4>, bitmap<64>",
     "Codes that are not zero, and a bitmap of where they are, in the "
     "manner of Mustafar (arXiv:2505.22913)."},

    // Vectors.
    {"aqlm_1x16", "scale<1x?, f16>, codebook<1x8, bits = 16, f16>, pack",
     "AQLM (arXiv:2401.06118), one book of 2^16."
     " With activations (zq-encode --activations) an entry makes up for the "
     "errors of those before it."},
    {"aqlm_2x8",
     "scale<1x?, f16>, codebook<1x8, bits = 8, books = 2, additive, "
     "f16>, pack",
     "AQLM (arXiv:2401.06118), two books of 2^8."
     " With activations (zq-encode --activations) an entry makes up for the "
     "errors of those before it."},
    {"vptq_2", "scale<?x1, f16, rms>, codebook<8x1, bits = 16, f16>, pack",
     "VPTQ (arXiv:2409.17066), v8-k65536-0: vectors down the output "
     "channels. With activations (zq-encode --activations) a column makes up "
     "for the errors of those before it."},
    {"vptq_3",
     "residual<[codebook<8x1, bits = 8, f16>, pack]>, scale<?x1, f16, "
     "rms>, codebook<8x1, bits = 16, f16>, pack",
     "VPTQ (arXiv:2409.17066), v8-k65536-256: with a book for the "
     "residual. With activations (zq-encode --activations) errors are fed "
     "back as the residual is rounded."},
    {"sketchtune4", "codebook<1x1, bits = 4, group = 1x?, f16>, pack",
     "SketchTune (arXiv:2410.06364): a table of its own for each row."},
    {"jpq_8", "codebook<1x8, bits = 8, group = ?x8, f32>, pack",
     "JPQ (arXiv:2108.00644): product quantization, a book for each 8 "
     "columns."},
    {"pvq_16", "scale<1x16, f16, l2>, pvq<length = 16, pulses = 12>, pack",
     "Pyramid vector quantization (Fischer 1986), a gain for each 16 "
     "values."},
    {"quip_e8",
     "hadamard<axis = 0, block = 128, seed = 2>, hadamard<axis = 1, "
     "block = 128, seed = 1>, scale<1x?, f32, rms>, lattice<e8p>, pack",
     "QuIP# (arXiv:2402.04396): rotated on both sides, 16-bit codes of "
     "E8. With activations (zq-encode --activations) blocks of eight columns "
     "make up for the errors of those before them (block LDLQ)."},
    {"turboquant_mse2",
     "scale<1x128, f32, l2>, orthogonal<axis = 1, block = 128, seed = "
     "1>, lookup<[-0.13350353, -0.040020477, 0.040020477, 0.13350353]>, "
     "pack",
     "TurboQuant (arXiv:2504.19874) for vectors of 128, a rotation drawn "
     "from Haar's measure."},
    {"turboquant_mse3",
     "scale<1x128, f32, l2>, orthogonal<axis = 1, block = 128, seed = "
     "1>, lookup<[-0.1902073, -0.118785985, -0.06682248, -0.0216631, "
     "0.0216631, 0.06682248, 0.118785985, 0.1902073]>, pack",
     "TurboQuant (arXiv:2504.19874) for vectors of 128, a rotation drawn "
     "from Haar's measure."},
    {"turboquant_mse4",
     "scale<1x128, f32, l2>, orthogonal<axis = 1, block = 128, seed = "
     "1>, lookup<[-0.24152912, -0.18287726, -0.14301677, -0.11103609, "
     "-0.08329187, -0.058049932, -0.034299098, -0.011349064, "
     "0.011349064, 0.034299098, 0.058049932, 0.08329187, 0.11103609, "
     "0.14301677, 0.18287726, 0.24152912]>, pack",
     "TurboQuant (arXiv:2504.19874) for vectors of 128, a rotation drawn "
     "from Haar's measure."},
    {"turboquant_mse4_h",
     "scale<1x128, f32, l2>, hadamard<axis = 1, block = 128, seed = 1>, "
     "lookup<[-0.24152912, -0.18287726, -0.14301677, -0.11103609, "
     "-0.08329187, -0.058049932, -0.034299098, -0.011349064, "
     "0.011349064, 0.034299098, 0.058049932, 0.08329187, 0.11103609, "
     "0.14301677, 0.18287726, 0.24152912]>, pack",
     "The same as implementations have it: one Hadamard transform with "
     "signs."},
    {"turboquant_prod3",
     "residual<[scale<1x128, f32, l2>, sketch<axis = 1, block = 128, seed = "
     "2>, quantize<si1, bipolar>, pack]>, scale<1x128, f32, l2>, "
     "orthogonal<axis = 1, block = 128, seed = 1>, lookup<[-0.13350353, "
     "-0.040020477, 0.040020477, 0.13350353]>, pack",
     "TurboQuant's estimator of inner products for vectors of 128: 2 bits and "
     "the signs of a sketch of the rest."},
    {"octopus3",
     "scale<1x128, f32, l2>, hadamard<axis = 1, block = 128, seed = 1>, "
     "octahedral<bits = 3, dimension = 128>, pack",
     "OCTOPUS for vectors of 128: triplets as direction on the "
     "octahedron and length."},

    // Lossless.
    {"bf16_huff", "fields<bf16>, huffman<chunk = 1024, length = 10>",
     "Huffman-coded exponents."},
    {"df11", "fields<bf16>, huffman<chunk = 1024, length = 16>",
     "DFloat11 (arXiv:2504.11651), in chunks of equal numbers of "
     "symbols; `zq.load` reads the published layout."},
    {"bf16_window3", "fields<bf16>, window<bits = 3, chunk = 512>",
     "A window of 7 exponents and escapes, in the manner of ZipServ."},
    {"bf16_window4", "fields<bf16>, window<bits = 4, chunk = 512>",
     "A window of 15 exponents and escapes."},
    {"bf16_window222", "fields<bf16>, window<bits = [2, 2, 2], chunk = 512>",
     "Nested windows of 3 exponents each."},
    {"bf16_rans", "fields<bf16>, rans<precision = 12, chunk = 4096>",
     "Exponents under table rANS (Duda, arXiv:1311.2540)."},
    {"bf16_register_rans", "fields<bf16>, register_rans<lanes = 64, rows = 4>",
     "Exponents under rANS whose tables stay in registers."},
    {"ecf8",
     "quantize<f8E4M3FN>, fields<f8E4M3FN, [pack]>, huffman<chunk = "
     "1024, length = 12>",
     "ECF8: FP8 weights whose exponents are Huffman-coded."},
    {"int4_rans",
     "scale<1x32, f16>, quantize<si4>, register_rans<lanes = 64, rows = "
     "4>",
     "4-bit codes under rANS."},

    // GGUF, as ggml dequantizes; its blocks are arrays of their own here.
    {"q4_0", "scale<1x32, f16, peak>, quantize<si4>, pack", "GGUF Q4_0."},
    {"q4_1", "offset<1x32, f16, min>, scale<1x32, f16>, quantize<ui4>, pack",
     "GGUF Q4_1."},
    {"q5_0", "scale<1x32, f16, peak>, quantize<si5>, pack", "GGUF Q5_0."},
    {"q8_0", "scale<1x32, f16>, quantize<si8>, pack", "GGUF Q8_0."},
    {"q2_k",
     "offset<1x16, [scale<1x16, f16, peak>, quantize<ui4>, pack], min>, "
     "scale<1x16, [scale<1x16, f16>, quantize<ui4>, pack]>, "
     "quantize<ui2>, pack",
     "GGUF Q2_K: 4-bit scales and minima, f16 for 256 values."},
    {"q3_k",
     "scale<1x16, [scale<1x16, f16, peak>, quantize<si6>, pack], peak>, "
     "quantize<si3>, pack",
     "GGUF Q3_K."},
    {"q4_k",
     "offset<1x32, [scale<1x8, f16, peak>, quantize<ui6>, pack], min>, "
     "scale<1x32, [scale<1x8, f16>, quantize<ui6>, pack]>, "
     "quantize<ui4>, pack",
     "GGUF Q4_K: 6-bit scales and minima."},
    {"q5_k",
     "offset<1x32, [scale<1x8, f16, peak>, quantize<ui6>, pack], min>, "
     "scale<1x32, [scale<1x8, f16>, quantize<ui6>, pack]>, "
     "quantize<ui5>, pack",
     "GGUF Q5_K."},
    {"q6_k",
     "scale<1x16, [scale<1x16, f16, peak>, quantize<si8>, pack], peak>, "
     "quantize<si6>, pack",
     "GGUF Q6_K."},
    {"iq4_nl",
     "scale<1x32, f16>, lookup<[-127.0, -104.0, -83.0, -65.0, -49.0, "
     "-35.0, -22.0, -10.0, 1.0, 13.0, 25.0, 38.0, 53.0, 69.0, 89.0, "
     "113.0]>, pack",
     "GGUF IQ4_NL."},
    {"tq1_0", "scale<1x256, f16>, quantize<levels = 3>, pack<radix = 3>",
     "GGUF TQ1_0: five ternary digits to a byte."},
    {"tq2_0", "scale<1x256, f16>, quantize<levels = 3>, pack",
     "GGUF TQ2_0: two bits a digit."},
};

llvm::ArrayRef<NamedCodec> mlir::zq::getNamedCodecs() { return table; }
