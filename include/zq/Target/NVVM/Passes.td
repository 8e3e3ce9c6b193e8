//===- Passes.td - Passes on the way to NVIDIA's GPUs -----*- tablegen -*-===//
#ifndef ZQ_TARGET_NVVM_PASSES_TD
#define ZQ_TARGET_NVVM_PASSES_TD

include "mlir/Pass/PassBase.td"

def FormKernels : Pass<"zq-form-kernels", "::mlir::ModuleOp"> {
  let summary = "Make kernels of contractions";
  let description = [{
    A contraction of a dense tensor with a decoded matrix becomes a
    `gpu.launch` whose threads multiply on tensor cores (`mma.sync`). The weight
    is decoded by `zq.decode`s of small windows and no dense weight is written to
    global memory: in registers for at most 32 rows of the activation, else once
    for all rows of a block, to shared memory. Where the number of rows is not
    known, there are both kernels, under an `scf.if`. The elementwise op that
    alone reads the result becomes part of the kernel.

    By way of shared memory go also weights that lie the other way (`[k, n]`),
    products of several matrices (dimensions of a batch), and contractions of two
    dense tensors, which are as accurate as can be unless the contraction says
    otherwise. Where there would be fewer blocks than `processors`, each of
    several blocks adds up a part of the columns; a second kernel adds up the
    parts, in one order, so that results do not depend on which comes first.

    A weight whose rows are decoded one after the other, with many states side by
    side, is decoded once, by a warp for each row, and multiplied as a dense one.
    The lanes of the warp share the states; votes tell each where it takes up its
    bytes. Tested in `test/Target/NVVM/form-kernels-warp-decode.mlir`.

    Hadamard rotations along the last axis become kernels too, whose blocks share
    runs: a thread takes eight elements for three butterflies at a time, and
    between them elements change places through shared memory. An elementwise op
    that makes the elements for this alone is done on the way.

    Tensor cores multiply 16-bit floats. Operands of f32 are split into sums of
    such floats (planes), as many as `accuracy` asks for, or the attribute
    `zq.accuracy` of the contraction. A remark says what was chosen.

    A weight of codes under factors is not decoded where few rows multiply it:
    what its codes stand for is multiplied, the sum over a group of columns is
    scaled by the group's factor, and the result by the row's. An offset of a
    group is multiplied by the sum of its activations, where nothing but the
    rounding of what is stored is given up. The rounding of
    products with factors to f16 or bf16, where the weight is of that type, is
    left out then and counts as an error. Tested in
    `test/Target/NVVM/form-kernels.mlir`.

    ```mlir
    %d = zq.decode %w at [0, 0] outs(%e : tensor<512x256xf32>) : ...
    %y = linalg.matmul ... ins(%x, %d : tensor<1x256xf32>, tensor<512x256xf32>) ...
    // becomes
    %out = memref.alloc() : memref<1x512xf32>
    gpu.launch blocks(...) in (%gx = %c32, ...) threads(...) in (%tx = %c64, ...) {
      scf.for ... {
        %row = zq.decode %w at [%n, %k] outs(... : tensor<1x32xf32>) : ...
        nvvm.mma.sync ...
      }
      ...
    }
    %y = bufferization.to_tensor %out restrict writable
    ```
  }];
  let options = [
    Option<"accuracy", "accuracy", "double", "5e-5",
           "The largest error of a product, relative to it, that contractions "
           "may make by their choice of 16-bit floats; 0: as little as can be">,
    Option<"sharedMemory", "shared-memory", "int64_t", "101376",
           "Bytes of shared memory that a block may have">,
    Option<"processors", "processors", "int64_t", "1",
           "Processors (SMs) of the chip. Where a contraction has fewer blocks, "
           "several share its columns, and a second kernel adds up their sums">,
  ];
  let dependentDialects = ["::mlir::gpu::GPUDialect",
                           "::mlir::NVVM::NVVMDialect",
                           "::mlir::LLVM::LLVMDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::zq::ZQDialect",
                           "::mlir::vector::VectorDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect",
                           "::mlir::bufferization::BufferizationDialect"];
}

def FormBlockScaledKernels : Pass<"zq-form-block-scaled-kernels",
                                  "::mlir::ModuleOp"> {
  let summary = "Multiply block-scaled matrices as they are stored";
  let description = [{
    A contraction `y[..., n] = init[..., n] + sum over k of x[..., k] w[n, k]`
    both of whose operands are decoded becomes a kernel with the chip's
    block-scaled tensor-core instruction, where both codecs consist of

    * scales of the tensor or of each row in f32, any number of them; they
      multiply the sums;
    * scales of 16 elements along the last dimension in f8E4M3FN, or of 32 in
      f8E8M0FNU;
    * f4E2M1FN, f6E2M3FN, f6E3M2FN, f8E4M3FN or f8E5M2, packed without options.

    Nothing is decoded. f4E2M1FN times f4E2M1FN runs with packed codes
    (`mxf4nvf4`, `mxf4`), all others with scales in f8E8M0FNU at a byte for each
    element (`mxf8f6f4`). Any shape is right; rows that are no multiple of four
    bytes, or codes that are spread to bytes, go through registers, which a
    remark says. With `tcgen05` the codes come by tensor maps, boxes of rows that
    the copy engine brings, where rows are multiples of 16 bytes (of 32, for 4
    and 6 bits in bytes); a remark says where they are not.
    What is not of this form, or a chip without the instruction, leaves the
    contraction as it is, with a remark that says why. The sign of a scale is
    not read: as codecs store them they have none.

    Chips: sm_120a, sm_120f and sm_121a by `mma.sync` with block scales; sm_100a,
    sm_100f and sm_103a by `tcgen05.mma`, with sums and scales in tensor memory.

    Tested in `test/Target/NVVM/form-block-scaled-kernels.mlir` and
    `form-block-scaled-kernels-tcgen05.mlir`.

    ```mlir
    %y = linalg.matmul indexing_maps = [...] ins(%dx, %dw) outs(%zero)
    // becomes
    %s:3 = zq.disassemble %x : !zq.tensor<256x1024xf32, #zq.codec<nvfp4>> -> ...
    %codes = bufferization.to_buffer %s#2 read_only : ...
    %out = memref.alloc() : memref<256x512xf32>
    gpu.launch ... dynamic_shared_memory_size %bytes { ... }
    %y = bufferization.to_tensor %out restrict writable : ...
    ```
  }];
  let options = [
    Option<"chipName", "chip", "std::string", /*default=*/"\"sm_120a\"",
           "The chip to compile for">,
  ];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect",
                           "::mlir::NVVM::NVVMDialect",
                           "::mlir::bufferization::BufferizationDialect",
                           "::mlir::gpu::GPUDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::nvgpu::NVGPUDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::zq::ZQDialect"];
}

def FormEncodeKernels : Pass<"zq-form-encode-kernels", "::mlir::ModuleOp"> {
  let summary = "Encode what a program computes by kernels";
  let description = [{
    A `zq.encode` of what is no constant becomes a kernel in which each thread
    encodes a block: its scale by the largest magnitude, its codes, their bits.
    The streams are those of the reference encoder, bit by bit. A scale of the
    whole tensor takes two kernels before, which find the largest magnitude of
    all. An elementwise op that computes the elements becomes part of the
    kernels that read them.

    The codec is a scale of blocks of 8, 16, 32 or 64 elements along the last
    dimension, stored as it is, on top of it perhaps one of the tensor in f32,
    then `quantize` to integers or small floats, ties to even, then `pack`
    without options. Transforms without parts may come first and become ops of
    their own. Any other codec is an error. Elements are to be finite: the
    reference refuses others, a kernel makes some codes of them.

    Tested in `test/Target/NVVM/form-encode-kernels.mlir`.

    ```mlir
    %c = zq.encode %x : tensor<64x512xf32> -> !zq.tensor<64x512xf32, #zq.codec<mxfp4>>
    // becomes
    %scale = memref.alloc() : memref<64x16xf8E8M0FNU>
    %codes = memref.alloc() : memref<64x256xi8>
    gpu.launch ... { ... }
    %s = bufferization.to_tensor %scale restrict writable : ...
    %b = bufferization.to_tensor %codes restrict writable : ...
    %c = zq.assemble %s, %b : ...
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect",
                           "::mlir::NVVM::NVVMDialect",
                           "::mlir::bufferization::BufferizationDialect",
                           "::mlir::gpu::GPUDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::tensor::TensorDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::zq::ZQDialect"];
}

def LowerVectorOpsToNVVM : Pass<"zq-lower-vector-ops-to-nvvm",
                                "::mlir::ModuleOp"> {
  let summary = "Lower zq's vector ops to what a GPU does fast";
  let description = [{
    A thread of a GPU has no vectors, so `zq.unpack`, `zq.lookup` and what shared
    code wrote for vectors become 32-bit instructions on single values. Tables
    that follow a rule are computed: integers with an offset by the last digits
    of 2^23, small floats by moving their bits to where f32 has them; both give
    the table's bits, which is checked for each entry. Other tables of more than
    four entries become constant arrays in memory. Tables of 16-bit floats are
    computed for the two codes of a register at once, as tensor cores take them:
    integers from the lowest bits of a float, small floats by their bits, other
    tables of 16 entries by `prmt`. A table of bytes that is known at run time
    only lies in registers too. What is computed of repeated values, such as the
    scales of groups, is computed once for each. `zq.lane_offset` becomes shifts
    and masks, one for all bits of a lane's number that move together. Tested in
    `test/Target/NVVM/lower-vector-ops-to-nvvm.mlir`.

    ```mlir
    %v = zq.lookup %codes in %e2m1 : vector<2xi8>, vector<16xf32> -> vector<2xf32>
    // becomes
    %c = arith.extui %codes ...
    %m = arith.shli (arith.andi %c, 7), 22 ...
    %s = arith.andi (arith.shli %c, 28), 0x80000000 ...
    %v = arith.mulf (arith.bitcast (arith.ori %m, %s)), 2^126
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::vector::VectorDialect",
                           "::mlir::LLVM::LLVMDialect",
                           "::mlir::NVVM::NVVMDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::tensor::TensorDialect"];
}

def LaunchLoops : Pass<"zq-launch-loops", "::mlir::ModuleOp"> {
  let summary = "Make kernels of parallel loops";
  let description = [{
    A parallel loop on arrays of the device (`scf.forall`, `scf.parallel`) that
    is not part of a kernel becomes a `gpu.launch` with a thread for each
    iteration, 128 of them a block; the last dimension varies fastest. Other
    work on arrays becomes a kernel of one thread, with a remark. What the
    host would read from arrays for a kernel alone, such as a table, the kernel
    reads for itself; what it reads for a branch of its own it waits for, with a
    remark. Arrays that a thread makes for itself lie in its local memory; one
    whose size is not known is an error. Tested in `test/Target/NVVM/launch-loops.mlir`.

    ```mlir
    scf.forall (%i, %j) in (%m, 64) {
      ...
    }
    // becomes
    gpu.launch blocks(%b, ...) in (%bx = ...) threads(%t, ...) in (%tx = %c128, ...) {
      %n = %b * 128 + %t
      scf.if %n < %m * 64 { %i = %n / 64, %j = %n % 64 ... }
    }
    ```
  }];
  let dependentDialects = ["::mlir::gpu::GPUDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::arith::ArithDialect"];
}

def SplitDeallocations : Pass<"zq-split-deallocations", "::mlir::ModuleOp"> {
  let summary = "Free several arrays one by one";
  let description = [{
    A `bufferization.dealloc` of several arrays, of which some may be the same,
    becomes one of each, under the condition that it is owned, none of those
    that are retained, and not freed by one before it. Upstream's lowering keeps
    such lists in memory that the host reads, while what a GPU's host allocates
    is the device's. Tested in `test/Target/NVVM/split-deallocations.mlir`.

    ```mlir
    bufferization.dealloc (%a, %b : memref<4xf32>, memref<4xf32>) if (%c, %d)
    // becomes
    %same = arith.cmpi eq, address of %b, address of %a
    %freed = arith.andi %c, %same
    %stays = arith.xori %freed, %true
    %free = arith.andi %d, %stays
    bufferization.dealloc (%a : memref<4xf32>) if (%c)
    bufferization.dealloc (%b : memref<4xf32>) if (%free)
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect"];
}

def BareKernelArguments : Pass<"zq-bare-kernel-arguments",
                               "::mlir::ModuleOp"> {
  let summary = "Pass arrays to kernels as pointers";
  let description = [{
    An argument of a kernel that is a memref becomes a pointer to global memory
    and one `i64` for each size that the type does not tell, in order. The
    pointer is aligned to 16 bytes, is the only one to its array where no launch
    passes two views of an array that the kernel writes to, and is marked as
    read only where the kernel only reads the array: the code generator then
    loads 16 bytes at a time, past the coherent caches. All launches of the
    kernel change with it.

    A tensor map that the kernel makes of such an argument
    (`nvgpu.tma.create.descriptor`) is the host's to make, before each launch:
    the op moves there, and the kernel takes the map by value.

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

def MergeKernels : Pass<"zq-merge-kernels", "::mlir::ModuleOp"> {
  let summary = "Put all kernels into one gpu.module";
  let description = [{
    Outlining makes a `gpu.module` for each kernel. One for all becomes one file
    of PTX, and one module of the driver. Where a name is taken, a kernel or an
    array gets another. Tested in `test/Target/NVVM/merge-kernels.mlir`.

    ```mlir
    gpu.launch_func @f_kernel_0::@f_kernel ...
    // becomes
    gpu.launch_func @f_kernel::@f_kernel_0 ...
    ```
  }];
}

def BoundRegisters : Pass<"zq-bound-registers", "::mlir::ModuleOp"> {
  let summary = "Say how many blocks an SM is to hold";
  let description = [{
    The assembler gives a kernel as many registers as it thinks best. With a
    block more or less on an SM in mind it spills some, or takes so many that
    one block less fits. Kernels of large blocks are told how many are meant: as
    many as have 512 threads together, 128 registers for each, or as their shared
    memory leaves room for. Where the values that are live at one time in the
    NVVM form take more than 208 registers, which the assembler's order still fits
    into 128, a block may have all, and so may one of 128 threads or more without
    dynamic shared memory. Other blocks of fewer than 256 threads are left alone.
    Tested in `test/Target/NVVM/bound-registers.mlir`.

    ```mlir
    gpu.launch_func @m::@f ... threads in (%c256, %c1, %c1) dynamic_shared_memory_size %c65536 ...
    gpu.func @f(...) kernel
    // becomes, with shared-memory=233472
    gpu.func @f(...) kernel attributes {nvvm.minctasm = 2 : i32}
    ```
  }];
  let options = [
    Option<"sharedMemory", "shared-memory", "int64_t", "102400",
           "Bytes of shared memory of an SM">,
  ];
}

def LowerKernelOps : Pass<"zq-lower-kernel-ops", "::mlir::gpu::GPUModuleOp"> {
  let summary = "Lower what kernels compute with to what GPUs have";
  let description = [{
    Vectors get down to the ops that the LLVM dialect has: transfers become
    loads and stores, those that may be out of bounds masked ones; gathers
    become loads by element. Functions of the math dialect become polynomials
    or correctly rounded instructions, within the bounds of
    `lib/Reference/MathRules.cpp` as on CPUs; one that would need a library, on
    f64 for instance, is an error at the op. Reductions over a warp become
    shuffles, and `zq.unpack`, `zq.lookup`, `zq.expand` and `zq.dot` integer
    arithmetic. An element of up to 32, at a place that is not known before, is
    chosen by the place's bits: registers have no index.
    Tested in `test/Target/NVVM/lower-kernel-ops.mlir`.

    ```mlir
    %sum = gpu.subgroup_reduce add %x : (f32) -> f32
    // becomes
    %y, %valid = gpu.shuffle xor %x, %c1, %c32 : f32
    %s = arith.addf %x, %y : f32
    // ... with %c2, %c4, %c8, %c16
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::ub::UBDialect",
                           "::mlir::vector::VectorDialect"];
}

def CopyTables : Pass<"zq-copy-tables", "::mlir::ModuleOp"> {
  let summary = "Copy tables that lanes look up into the block's memory";
  let description = [{
    Lanes that load entries of a table in global memory, each from a place that
    the data tells, reach as many lines of the cache one after the other; shared
    memory has 32 words for them at a time. An array that a kernel's loop looks
    up so (entries of a Huffman code, of a codebook) is copied there when a block
    begins: one of known size that the kernel only reads and no other argument
    leads to, of at most 64 bytes for each thread, where as many blocks as keep
    an SM busy still fit one. Kernels that are launched from more than one place,
    or with dynamic shared memory, stay as they are. Tested in `test/Target/NVVM/copy-tables.mlir`.

    ```mlir
    scf.for ... {
      %code = arith.index_cast %bits : i64 to index
      %entry = memref.load %table[%code] : memref<1024xi16>
    // becomes
    gpu.func @f(...) workgroup(%copy : memref<1024xi16, #gpu.address_space<workgroup>>) kernel {
      llvm.store ... // a part of the table by each thread
      gpu.barrier
      scf.for ... {
        %entry = memref.load %copy[%code] : ...
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::gpu::GPUDialect",
                           "::mlir::LLVM::LLVMDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect"];
}

def AlignAccesses : Pass<"zq-align-accesses", "::mlir::gpu::GPUModuleOp"> {
  let summary = "Tell loads and stores of vectors how they are aligned";
  let description = [{
    Gives `vector.load`, `vector.store` and their masked forms the alignment
    that follows from the alignment of the array (`llvm.align` of a kernel's
    argument), its sizes, and the indices: constants, steps of loops, and what
    arithmetic makes of them. LLVM then loads up to 16 bytes at a time. What
    cannot be shown to be aligned stays right and slower, with a remark. Memory
    that a kernel declares is aligned to 16 bytes if it says nothing else.
    Tested in `test/Target/NVVM/align-accesses.mlir`.

    ```mlir
    scf.for %i = %c0 to %n step %c8 {
      %v = vector.load %x[%row, %i] : memref<?x64xf16>, vector<8xf16>
    // becomes
      %v = vector.load %x[%row, %i] {alignment = 16 : i64} : ...
    ```
  }];
}

def ConvertKernelsToNVVM : Pass<"zq-convert-kernels-to-nvvm",
                                "::mlir::gpu::GPUModuleOp"> {
  let summary = "Turn kernels into functions of the LLVM dialect";
  let description = [{
    Upstream's conversions of the gpu, arith, cf, memref and vector dialects to
    the LLVM and NVVM dialects, all at once, with an index of 64 bits. Unlike
    upstream's `convert-gpu-to-nvvm`, which calls CUDA's libdevice for
    functions, it leaves the LLVM dialect's own ones as they are: those that
    `zq-lower-kernel-ops` lets through have instructions. An op that no
    conversion knows is an error. Dynamic shared memory is aligned to 1024
    bytes. Tested in `test/Target/NVVM/lower-kernels-to-nvvm.mlir`.

    ```mlir
    gpu.func @f(%x: !llvm.ptr<1>) kernel { %t = gpu.thread_id x ... }
    // becomes
    llvm.func @f(%x: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %t = nvvm.read.ptx.sreg.tid.x : i32
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::LLVM::LLVMDialect",
                           "::mlir::NVVM::NVVMDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::ub::UBDialect",
                           "::mlir::vector::VectorDialect"];
}

def CheckNVVM : Pass<"zq-check-nvvm", "::mlir::ModuleOp"> {
  let summary = "Check that a chip has what kernels and launches use";
  let description = [{
    Looks every op of the nvvm dialect and every call of an intrinsic of NVPTX
    up in the table of instructions. One that the chip lacks, one that needs a
    later version of PTX, and one that is not in the table is an error at the
    op: LLVM would end the process. So are inline PTX, functions that need a
    library, calls of functions that are nowhere, ops of other dialects, more
    static shared memory than there may be, and launches of blocks with more
    threads or shared memory than the chip has. Tested in
    `test/Target/NVVM/check-nvvm.mlir`.

    ```mlir
    // error: 'nvvm.wgmma.fence.aligned' op is no instruction of sm_120a, but of
    // sm_90a
    nvvm.wgmma.fence.aligned
    ```
  }];
  let options = [
    Option<"chip", "chip", "std::string", "\"sm_80\"",
           "The GPU, as ptxas names it">,
  ];
}

def EmulateKernels : Pass<"zq-emulate-kernels", "::mlir::ModuleOp"> {
  let summary = "Make kernels host code for the emulator";
  let description = [{
    Kernels in the NVVM form, `llvm.func`s of NVVM's and LLVM's ops in a
    `gpu.module`, become functions of the module around it, which run one
    thread: each op of the GPU becomes a call `zqsim_<op>` of the emulator's
    runtime, and a call before each load and store has its address checked.
    Their launches become calls of the emulator's launcher. Shared memory lies
    where the runtime says.

    A kernel `matmul` of the module `kernels` is described by the constant
    `zqsim_kernel_kernels_matmul`, a `zq::emulator::Kernel`
    (`zq/Target/NVVM/Emulator.h`), whose address launches take.

    An op that the emulator knows nothing of is an error that names it, and so
    is one that `chip` lacks. Arithmetic of bf16 is rounded as GPUs round it.

    Tested in `test/Target/NVVM/emulate-kernels.mlir`.

    ```mlir
    gpu.module @kernels {
      llvm.func @lanes(%out: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
        %t = nvvm.read.ptx.sreg.laneid : i32
        llvm.store %t, %out : i32, !llvm.ptr<1>
        llvm.return
      }
    }
    // becomes
    llvm.func internal @kernels_lanes(%out: !llvm.ptr<1>) {
      ...
      llvm.call @zqsim_sreg_laneid(%site, %operands, %results) : ...
      %t = llvm.load %results : !llvm.ptr -> i32
      llvm.call @zqsim_access(%site2, %operands, %results) : ...
      llvm.store %t, %out : i32, !llvm.ptr<1>
      llvm.return
    }
    ```
  }];
  let options = [
    Option<"chip", "chip", "std::string", "\"\"",
           "The chip whose ops there are; without one, those of all chips">,
    Option<"checkAccesses", "check-accesses", "bool", "true",
           "Check addresses of loads and stores">,
  ];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect",
                           "::mlir::arith::ArithDialect"];
}

def LowerDeviceCalls : Pass<"zq-lower-device-calls", "::mlir::ModuleOp"> {
  let summary = "Turn what host code asks of a device into calls";
  let description = [{
    In functions whose arrays are in a device's memory, allocations, copies,
    constants, tensor maps, launches and reads of single elements, which the
    host waits for, become calls of the C functions that
    `zq/Runtime/Device.h` lists. Where the device has failed, loops end and divisors are one. The kernels, which became PTX before, are
    dropped. That nothing else reads or writes an array is what
    `zq-verify-phase` checks for the phase "device". Tested in `test/Target/NVVM/lower-device-calls.mlir`.

    ```mlir
    %x = memref.alloc(%n) : memref<?xf32>
    // becomes
    %p = llvm.call @zq_device_alloc(%bytes) : (i64) -> !llvm.ptr
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::arith::ArithDialect"];
}

#endif // ZQ_TARGET_NVVM_PASSES_TD
