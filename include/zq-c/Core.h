/*===- zq-c/Core.h - Errors and arrays of the C API -------------------------===
 *
 * The C API is what other languages and compilers bind. Its rules:
 *
 * - A function that can fail returns a `ZqError *`: null where it did not, and
 *   else an error that the caller destroys. Results are written only then.
 * - What a function creates, its caller destroys, with the function of that
 *   name. Destroying null does nothing.
 * - Pointers are not null, indices are below the number of what they count, and
 *   enumerators are those declared, unless a function says otherwise. Nothing
 *   checks that.
 * - Objects are immutable. Any function may be called from any thread.
 * - Text goes out through a callback that is called once, before the function
 *   returns. Text is UTF-8, comes with its length, and need not end in a zero.
 *
 *===-----------------------------------------------------------------------===*/
#ifndef ZQ_C_CORE_H
#define ZQ_C_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ZQ_API __attribute__((visibility("default")))

/** What a function that fails returns. */
typedef struct ZqError ZqError;

/** What went wrong, ended by a zero; lives as long as the error. The first line
 * says it; further ones may show the place. */
ZQ_API const char *zqErrorGetMessage(const ZqError *error);
ZQ_API void zqErrorDestroy(ZqError *error);

/** Text, as one piece. */
typedef void (*ZqTextCallback)(const char *text, size_t length, void *user);

/** Element types of arrays. Integers have no sign of their own. */
typedef enum {
  ZQ_F64,
  ZQ_F32,
  ZQ_F16,
  ZQ_BF16,
  ZQ_F8E4M3FN,
  ZQ_F8E5M2,
  ZQ_F8E8M0FNU,
  ZQ_I8,
  ZQ_I16,
  ZQ_I32,
  ZQ_I64
} ZqElementType;

/** A dense array in row-major order, without gaps. Whoever fills it in owns
 * what it points to. */
typedef struct {
  ZqElementType type;
  size_t rank;
  const int64_t *shape;
  void *data;
} ZqArray;

/** Versions of zq and LLVM, and this machine's CPU: what a stored program
 * depends on. */
ZQ_API void zqGetVersion(ZqTextCallback callback, void *user);

#ifdef __cplusplus
}
#endif

#endif /* ZQ_C_CORE_H */
