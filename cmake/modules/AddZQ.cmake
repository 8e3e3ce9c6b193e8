# Libraries of zq. Each is a static archive, linked into the tools and the
# plugin; MLIR and LLVM come from their one shared library each, so that a
# process never holds two copies of a dialect.

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
  # As MLIR itself is compiled.
  target_compile_options(${name} PRIVATE -fno-exceptions -Wall -Wextra
    -Wno-unused-parameter -fvisibility-inlines-hidden)
  set_property(GLOBAL APPEND PROPERTY ZQ_LIBRARIES ${name})
  install(TARGETS ${name} EXPORT ZQTargets)
endfunction()

# zq_add_tool(NAME sources... LINK_LIBS targets...)
function(zq_add_tool name)
  cmake_parse_arguments(ARG "" "" "LINK_LIBS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS} MLIR LLVM)
  target_compile_options(${name} PRIVATE -fno-exceptions -Wall -Wextra
    -Wno-unused-parameter)
  install(TARGETS ${name} RUNTIME DESTINATION bin)
endfunction()
