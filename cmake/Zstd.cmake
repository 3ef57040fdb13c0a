# Declares the target `packed_zstd`: ZSTD from its own sources, as libarrow exports nothing of the one
# that it has. Static and hidden, so that another ZSTD of the process and ours never meet.

set(PACKED_ZSTD_VERSION 1.5.7)
set(zstd_lib ${CMAKE_SOURCE_DIR}/build/zstd/${PACKED_ZSTD_VERSION}/lib)
if(NOT EXISTS ${zstd_lib}/dictBuilder/zdict.c)
  execute_process(COMMAND ${CMAKE_SOURCE_DIR}/scripts/fetch-zstd COMMAND_ERROR_IS_FATAL ANY)
endif()

# The loop that decodes literals is in assembler; it is empty for other processors and compilers.
enable_language(ASM)
file(GLOB zstd_sources
  ${zstd_lib}/common/*.c ${zstd_lib}/compress/*.c ${zstd_lib}/decompress/*.c
  ${zstd_lib}/decompress/*.S ${zstd_lib}/dictBuilder/*.c)
add_library(packed_zstd STATIC ${zstd_sources})
target_include_directories(packed_zstd SYSTEM INTERFACE ${zstd_lib})
target_compile_definitions(packed_zstd PRIVATE
  XXH_NAMESPACE=ZSTD_ ZSTD_LEGACY_SUPPORT=0 DEBUGLEVEL=0
  ZSTDLIB_VISIBLE= ZSTDLIB_HIDDEN= ZDICTLIB_VISIBLE= ZDICTLIB_HIDDEN= ZSTDERRORLIB_VISIBLE=)
# -O3 as its own makefile has it, whatever the type of the build.
target_compile_options(packed_zstd PRIVATE $<$<COMPILE_LANGUAGE:C>:-O3 -w>)
# Of the sanitizers only what sees wild reads and writes: hashing overflows on purpose.
if(PACKED_SANITIZE MATCHES address)
  target_compile_options(packed_zstd PRIVATE $<$<COMPILE_LANGUAGE:C>:-fsanitize=address>)
endif()
