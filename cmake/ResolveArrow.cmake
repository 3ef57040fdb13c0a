# Finds Arrow and Parquet and declares the target `packed_arrow`.
#
# Order: ARROW_HOME or a CMake package when ARROW_PACKED_SYSTEM_ARROW is set, otherwise the
# pinned pyarrow wheel, which ships headers and libraries but no CMake files.

include(${CMAKE_CURRENT_LIST_DIR}/CheckArrow.cmake)

set(PACKED_ARROW_VERSION 26.0.1)
set(PACKED_ARROW_SO 2600)
if(APPLE)
  set(PACKED_ARROW_SUFFIX .${PACKED_ARROW_SO}.dylib)
else()
  set(PACKED_ARROW_SUFFIX .so.${PACKED_ARROW_SO})
endif()

foreach(name ARROW_PACKED_SYSTEM_ARROW ARROW_HOME)
  if(NOT DEFINED ${name} AND DEFINED ENV{${name}})
    set(${name} $ENV{${name}})
  endif()
endforeach()

macro(packed_use_wheel)
  set(wheel ${CMAKE_SOURCE_DIR}/build/arrow/${PACKED_ARROW_VERSION}/pyarrow)
  if(NOT EXISTS ${wheel}/include/arrow/api.h)
    execute_process(COMMAND ${CMAKE_SOURCE_DIR}/scripts/fetch-arrow COMMAND_ERROR_IS_FATAL ANY)
  endif()
  set(arrow_include ${wheel}/include)
  set(arrow_lib ${wheel}/libarrow${PACKED_ARROW_SUFFIX})
  set(parquet_lib ${wheel}/libparquet${PACKED_ARROW_SUFFIX})
  set(arrow_origin "the pinned pyarrow wheel")
endmacro()

macro(packed_use_arrow_home)
  set(arrow_include ${ARROW_HOME}/include)
  find_library(arrow_lib arrow HINTS ${ARROW_HOME} PATH_SUFFIXES lib lib64
               NO_DEFAULT_PATH NO_CACHE)
  find_library(parquet_lib parquet HINTS ${ARROW_HOME} PATH_SUFFIXES lib lib64
               NO_DEFAULT_PATH NO_CACHE)
  set(arrow_origin "ARROW_HOME ${ARROW_HOME}")
endmacro()

macro(packed_use_cmake_package)
  find_package(Arrow CONFIG QUIET)
  find_package(Parquet CONFIG QUIET)
  if(NOT TARGET Arrow::arrow_shared OR NOT TARGET Parquet::parquet_shared)
    message(FATAL_ERROR "Expected CMake packages Arrow and Parquet, as ARROW_PACKED_SYSTEM_ARROW "
      "is set, but found none: set ARROW_HOME or CMAKE_PREFIX_PATH, or unset it.")
  endif()
  get_target_property(arrow_include Arrow::arrow_shared INTERFACE_INCLUDE_DIRECTORIES)
  get_target_property(arrow_lib Arrow::arrow_shared LOCATION)
  get_target_property(parquet_lib Parquet::parquet_shared LOCATION)
  set(arrow_origin "the CMake package in ${Arrow_DIR}")
endmacro()

if(NOT ARROW_PACKED_SYSTEM_ARROW)
  packed_use_wheel()
elseif(ARROW_HOME)
  packed_use_arrow_home()
else()
  packed_use_cmake_package()
endif()

packed_check_arrow("${arrow_include}" "${arrow_lib}" "${parquet_lib}" found_version)
message(STATUS "Arrow: ${found_version} from ${arrow_origin}")
get_filename_component(PACKED_ARROW_LIB_DIR ${arrow_lib} DIRECTORY)

# S3 is a library of its own in the wheel and part of libarrow in most packages; none at all where
# Arrow was built without it, and then S3 is refused when it is asked for.
file(STRINGS ${arrow_include}/arrow/util/config.h arrow_has_s3 REGEX "^#define ARROW_S3$")
if(arrow_has_s3)
  string(REGEX REPLACE "libarrow(\\.[^/]*)$" "libarrow_s3\\1" PACKED_ARROW_S3_LIB ${arrow_lib})
  if(NOT EXISTS ${PACKED_ARROW_S3_LIB})
    set(PACKED_ARROW_S3_LIB ${arrow_lib})
  endif()
endif()

# Bundled under their sonames, one file each, as the wheel has them; for musl the wheel has the runtime
# of its compiler as well, which its libraries find beside themselves. An Arrow of the system stays
# where it is.
set(PACKED_BUNDLED_LIBS "")
if(NOT ARROW_PACKED_SYSTEM_ARROW)
  file(GLOB wheel_runtime ${PACKED_ARROW_LIB_DIR}/../pyarrow.libs/*.so*)
  set(PACKED_BUNDLED_LIBS ${arrow_lib} ${parquet_lib} ${PACKED_ARROW_S3_LIB} ${wheel_runtime})
  list(REMOVE_DUPLICATES PACKED_BUNDLED_LIBS)
endif()

add_library(packed_arrow INTERFACE)
target_include_directories(packed_arrow SYSTEM INTERFACE ${arrow_include})
target_link_libraries(packed_arrow INTERFACE ${arrow_lib} ${parquet_lib} pthread)

# Installed, the libraries lie beside ours; in the build tree Arrow stays where it was found.
function(packed_runtime_path target)
  if(APPLE)
    set(beside "@loader_path")
  else()
    set(beside "$ORIGIN")
  endif()
  set_target_properties(${target} PROPERTIES
    BUILD_RPATH "${beside};${PACKED_ARROW_LIB_DIR}" INSTALL_RPATH "${beside}")
endfunction()
