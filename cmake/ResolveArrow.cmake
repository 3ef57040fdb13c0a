# Finds Arrow and Parquet and declares the target `packed_arrow`.
#
# Order: ARROW_HOME or a CMake package when ARROW_PACKED_SYSTEM_ARROW is set, otherwise the
# pinned pyarrow wheel, which ships headers and libraries but no CMake files.

set(PACKED_ARROW_VERSION 26.0.1)
set(PACKED_ARROW_SO 2600)
set(PACKED_ARROW_DIR ${CMAKE_SOURCE_DIR}/build/arrow/${PACKED_ARROW_VERSION})

if(NOT EXISTS ${PACKED_ARROW_DIR}/pyarrow/include/arrow/api.h)
  execute_process(COMMAND ${CMAKE_SOURCE_DIR}/scripts/fetch-arrow COMMAND_ERROR_IS_FATAL ANY)
endif()
set(PACKED_ARROW_LIB_DIR ${PACKED_ARROW_DIR}/pyarrow)
message(STATUS "Arrow: pyarrow wheel ${PACKED_ARROW_VERSION}")

add_library(packed_arrow INTERFACE)
target_include_directories(packed_arrow SYSTEM INTERFACE ${PACKED_ARROW_LIB_DIR}/include)
target_link_libraries(packed_arrow INTERFACE
  ${PACKED_ARROW_LIB_DIR}/libarrow.so.${PACKED_ARROW_SO}
  ${PACKED_ARROW_LIB_DIR}/libparquet.so.${PACKED_ARROW_SO}
  pthread)

function(packed_runtime_path target)
  set_target_properties(${target} PROPERTIES
    BUILD_RPATH "$ORIGIN;${PACKED_ARROW_LIB_DIR}" INSTALL_RPATH "$ORIGIN")
endfunction()
