# Libraries of zq. Each is a static archive, linked into the tools and the
# plugin; MLIR and LLVM come from their one shared library each, so that a
# process never holds two copies of a dialect.

# MLIR's headers take most of the time of a file that includes them, so that
# they are read precompiled. None of zq's own are among them: what
# changes stays cheap to change.
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/PrecompiledMLIR.cpp CONTENT "")
set(ZQ_MLIR_HEADERS
  <mlir/Dialect/Affine/IR/AffineOps.h>
  <mlir/Dialect/Arith/IR/Arith.h>
  <mlir/Dialect/Func/IR/FuncOps.h>
  <mlir/Dialect/GPU/IR/GPUDialect.h>
  <mlir/Dialect/LLVMIR/LLVMDialect.h>
  <mlir/Dialect/LLVMIR/NVVMDialect.h>
  <mlir/Dialect/Linalg/IR/Linalg.h>
  <mlir/Dialect/Math/IR/Math.h>
  <mlir/Dialect/MemRef/IR/MemRef.h>
  <mlir/Dialect/SCF/IR/SCF.h>
  <mlir/Dialect/Tensor/IR/Tensor.h>
  <mlir/Dialect/Vector/IR/VectorOps.h>
  <mlir/IR/Matchers.h>
  <mlir/IR/PatternMatch.h>
  <mlir/Pass/Pass.h>
  <llvm/ADT/TypeSwitch.h>)
add_library(ZQPrecompiledMLIR OBJECT ${CMAKE_BINARY_DIR}/PrecompiledMLIR.cpp)
target_precompile_headers(ZQPrecompiledMLIR PRIVATE ${ZQ_MLIR_HEADERS})
# As MLIR itself is compiled.
set(ZQ_MLIR_OPTIONS -fno-exceptions -Wall -Wextra -Wno-unused-parameter
  -fvisibility-inlines-hidden)
# Without a time in it ccache knows a header that was precompiled again.
target_compile_options(ZQPrecompiledMLIR PRIVATE ${ZQ_MLIR_OPTIONS}
  "SHELL:-Xclang -fno-pch-timestamp")

# zq_precompile_mlir(TARGET): its sources read MLIR's headers precompiled, and
# are compiled as MLIR is, without exceptions.
function(zq_precompile_mlir target)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL EXECUTABLE)
    # What is precompiled for libraries does not fit -fPIE.
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${target} PRIVATE -fPIC)
  endif()
  target_compile_options(${target} PRIVATE ${ZQ_MLIR_OPTIONS})
  target_precompile_headers(${target} REUSE_FROM ZQPrecompiledMLIR)
endfunction()

# Tests are compiled more often than run, and call libraries for what takes long.
set(ZQ_TEST_OPTIONS -O0 "SHELL:-Xclang -fno-pch-timestamp")

# zq_precompile_mlir_for_tests(TARGET): the same for unit tests, with
# GoogleTest's header and without optimisation.
function(zq_precompile_mlir_for_tests target)
  if(NOT TARGET ZQPrecompiledTests)
    add_library(ZQPrecompiledTests OBJECT ${CMAKE_BINARY_DIR}/PrecompiledMLIR.cpp)
    target_link_libraries(ZQPrecompiledTests PRIVATE GTest::gtest)
    target_precompile_headers(ZQPrecompiledTests PRIVATE ${ZQ_MLIR_HEADERS}
      <gtest/gtest.h>)
    target_compile_options(ZQPrecompiledTests PRIVATE ${ZQ_MLIR_OPTIONS}
      ${ZQ_TEST_OPTIONS} -ffp-contract=off)
  endif()
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  # The tests compute in f32 themselves, with the roundings they say.
  target_compile_options(${target} PRIVATE -fPIC ${ZQ_MLIR_OPTIONS}
    ${ZQ_TEST_OPTIONS} -ffp-contract=off)
  target_precompile_headers(${target} REUSE_FROM ZQPrecompiledTests)
endfunction()

# zq_add_mlir_library(NAME sources... [DEPENDS targets...] [LINK_LIBS targets...])
function(zq_add_mlir_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK_LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  target_link_libraries(${name} PUBLIC ${ARG_LINK_LIBS} MLIR LLVM)
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
    $<INSTALL_INTERFACE:include>)
  zq_precompile_mlir(${name})
  set_property(GLOBAL APPEND PROPERTY ZQ_LIBRARIES ${name})
  install(TARGETS ${name} EXPORT ZQTargets)
endfunction()

# zq_add_tool(NAME sources... LINK_LIBS targets...)
function(zq_add_tool name)
  cmake_parse_arguments(ARG "" "" "LINK_LIBS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS} MLIR LLVM)
  zq_precompile_mlir(${name})
  install(TARGETS ${name} RUNTIME DESTINATION bin)
endfunction()
