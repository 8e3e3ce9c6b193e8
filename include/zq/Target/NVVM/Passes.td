//===- Passes.td - Passes on the way to NVIDIA's GPUs -----*- tablegen -*-===//
#ifndef ZQ_TARGET_NVVM_PASSES_TD
#define ZQ_TARGET_NVVM_PASSES_TD

include "mlir/Pass/PassBase.td"

def BareKernelArguments : Pass<"zq-bare-kernel-arguments",
                               "::mlir::ModuleOp"> {
  let summary = "Pass arrays to kernels as pointers";
  let description = [{
    An argument of a kernel that is a memref becomes a pointer to global memory
    and one `i64` for each size that the type does not tell, in order. The
    pointer is aligned to 16 bytes, is the only one to its array, and is marked
    as read only where the kernel only reads the array: the code generator then
    loads 16 bytes at a time, past the coherent caches. All launches of the
    kernel change with it.

    An array that is not row after row without gaps is an error at the launch.
    Tested in `test/Target/NVVM/bare-kernel-arguments.mlir`.

    ```mlir
    gpu.launch_func @kernels::@copy ... args(%x : memref<?x64xf32>)
    // becomes
    %p = memref.extract_aligned_pointer_as_index %x : ...
    gpu.launch_func @kernels::@copy ... args(%ptr : !llvm.ptr<1>, %n : i64)
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::arith::ArithDialect"];
}

#endif // ZQ_TARGET_NVVM_PASSES_TD
