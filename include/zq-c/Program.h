/*===- zq-c/Program.h - Compiling and calling functions in C
 * ----------------===*/
#ifndef ZQ_C_PROGRAM_H
#define ZQ_C_PROGRAM_H

#include "zq-c/Codec.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How a function is compiled. `zqGetDefaultProgramOptions` fills it in. */
typedef struct {
  /** The function to call; null for "main", or the only public one. */
  const char *entry;
  /** Features of the CPU as LLVM names them ("+avx2,+fma"); null or "host" for
   * those of this machine. Others that this machine lacks, or that LLVM does
   * not know, are an error. */
  const char *features;
  /** What messages call the text; null for "input". */
  const char *fileName;
  /** The largest error of a product that contractions may make by computing in
   * integers, relative to the largest activation times the largest weight; 0
   * for f32 only. */
  double accuracy;
  /** Run outer loops in parallel by OpenMP. */
  bool threads;
  /** Lay compressed arguments out as contractions are fastest with. */
  bool packWeights;
  /** Store entropy-coded constants, and arguments that are laid out anew, raw
   * where that is predicted to be faster, though it takes more memory. */
  bool recodeWeights;
} ZqProgramOptions;

/** What is chosen where nothing is said: no entry, this machine, an accuracy of
 * 5e-5, threads, packed weights, coded as they were. */
ZQ_API ZqProgramOptions zqGetDefaultProgramOptions(void);

/** A function on tensors, compiled for this process. */
typedef struct ZqProgram ZqProgram;

/** What stands for a size that each call chooses. */
#define ZQ_DYNAMIC INT64_MIN

/** Compiles a module given as MLIR text. The error has all that the compiler
 * said, each message with its place on a line of its own. */
ZQ_API ZqError *zqProgramCompile(const char *text, size_t length,
                                 const ZqProgramOptions *options,
                                 ZqProgram **program);
ZQ_API void zqProgramDestroy(ZqProgram *program);

/** The program as bytes, which `zqProgramLoad` takes in this or another
 * process. */
ZQ_API void zqProgramStore(const ZqProgram *program, ZqTextCallback callback,
                           void *user);
/** Refuses what is damaged, of another version, or for another CPU. Never load
 * what someone else may have written: it is machine code. */
ZQ_API ZqError *zqProgramLoad(const char *bytes, size_t length,
                              ZqProgram **program);

/** How many arguments and results the function has, in the text and at calls,
 * and how many remarks the compiler made. */
ZQ_API size_t zqProgramGetNumInputs(const ZqProgram *program);
ZQ_API size_t zqProgramGetNumResults(const ZqProgram *program);
ZQ_API size_t zqProgramGetNumRemarks(const ZqProgram *program);
/** The type of an argument in the text, and as it is to be handed over: another
 * layout where weights are packed (`zqTensorRepack`). Texts end in a zero and
 * live as long as the program. */
ZQ_API void zqProgramGetInput(const ZqProgram *program, size_t index,
                              const char **declared, const char **type);
/** The type of a result; lives as long as the program. */
ZQ_API const char *zqProgramGetResult(const ZqProgram *program, size_t index);
/** Element type and shape of a result; the shape lives as long as the program.
 * Sizes that each call chooses are ZQ_DYNAMIC (zqProgramGetShapesOfCall). */
ZQ_API ZqElementType zqProgramGetResultShape(const ZqProgram *program,
                                             size_t index, size_t *rank,
                                             const int64_t **shape);
/** What the compiler chose and why, with its place; lives as long as the
 * program.
 */
ZQ_API const char *zqProgramGetRemark(const ZqProgram *program, size_t index);

/** One argument of a call: a tensor, or, where that is null, an array. */
typedef struct {
  const ZqTensor *tensor;
  ZqArray array;
} ZqArgument;

/** Is handed the shape of one result after the other. */
typedef void (*ZqShapeCallback)(size_t rank, const int64_t *shape, void *user);

/** The shapes that the results have for such arguments, whose data is not
 * looked at. The error is that of a call. */
ZQ_API ZqError *zqProgramGetShapesOfCall(const ZqProgram *program,
                                         size_t numArguments,
                                         const ZqArgument *arguments,
                                         ZqShapeCallback callback, void *user);

/** Calls the function: `arguments` are left as they are, `results` are written
 * to and must not overlap with anything else. Fails where numbers, types or
 * shapes are not the function's, or OMP_NUM_THREADS is more than 4096 or no
 * number; then nothing is written. */
ZQ_API ZqError *zqProgramCall(const ZqProgram *program, size_t numArguments,
                              const ZqArgument *arguments, size_t numResults,
                              const ZqArray *results);

/** The module of `text` in a form on its way to machine code: "input",
 * "imported", "algebra", "vectors", "streams", "buffers", "llvm", "llvm-ir" or
 * "asm". */
ZQ_API ZqError *zqPrintForm(const char *text, size_t length,
                            const ZqProgramOptions *options, const char *form,
                            ZqTextCallback callback, void *user);

/** The kernels that the function becomes on a GPU of NVIDIA's, as PTX: `chip`
 * is its name for ptxas, "sm_80" for instance. Needs no CUDA. Of the options,
 * entry, file name and accuracy count. */
ZQ_API ZqError *zqCompilePTX(const char *text, size_t length,
                             const ZqProgramOptions *options, const char *chip,
                             ZqTextCallback callback, void *user);

/** How many threads a parallel loop of a program runs on. */
ZQ_API int zqGetNumThreads(void);

#ifdef __cplusplus
}
#endif

#endif /* ZQ_C_PROGRAM_H */
