# Says in one sentence why an Arrow cannot be used, before the compiler says it in a thousand.
#
#   packed_check_arrow(<include dir> <libarrow> <libparquet> <output variable for the version>)
#
# Also runs alone: cmake -DARROW_INCLUDE=... -DARROW_LIB=... -DPARQUET_LIB=... -P CheckArrow.cmake

# The oldest that builds: scripts/test-older-arrow compiles and runs it. Files are compared byte by byte
# with the version that is pinned (ResolveArrow.cmake); later ones are taken.
set(PACKED_ARROW_MINIMUM 22)

function(packed_check_arrow include_dir arrow_lib parquet_lib version_variable)
  set(config ${include_dir}/arrow/util/config.h)
  foreach(file ${config} ${include_dir}/parquet/api/writer.h ${arrow_lib} ${parquet_lib})
    if(NOT EXISTS ${file})
      message(FATAL_ERROR "Expected Arrow C++ with Parquet but ${file} is missing.")
    endif()
  endforeach()

  foreach(part MAJOR MINOR PATCH)
    file(STRINGS ${config} line REGEX "#define ARROW_VERSION_${part} ")
    string(REGEX MATCH "[0-9]+" ${part} "${line}")
  endforeach()
  set(version ${MAJOR}.${MINOR}.${PATCH})
  if(version VERSION_LESS PACKED_ARROW_MINIMUM)
    message(FATAL_ERROR
      "Expected Arrow C++ ${PACKED_ARROW_MINIMUM} or later but ${include_dir} holds ${version}.")
  endif()

  # Arrow's soname is major * 100 + minor: headers of one version over a library of another
  # compile and then corrupt memory.
  math(EXPR so_version "${MAJOR} * 100 + ${MINOR}")
  if(CMAKE_HOST_APPLE)
    find_program(PACKED_OTOOL otool REQUIRED)
    set(soname_of ${PACKED_OTOOL} -D)
    set(soname "/lib[a-z]+\\.([0-9]+)\\.dylib")
  else()
    find_program(PACKED_READELF readelf REQUIRED)
    set(soname_of ${PACKED_READELF} -d)
    set(soname "soname: \\[lib[a-z]+\\.so\\.([0-9]+)")
  endif()
  foreach(lib ${arrow_lib} ${parquet_lib})
    execute_process(COMMAND ${soname_of} ${lib} OUTPUT_VARIABLE dynamic ERROR_QUIET)
    # The last one: what otool says begins with the path that it was asked for.
    string(REGEX MATCHALL "${soname}" matches "${dynamic}")
    list(POP_BACK matches last)
    string(REGEX MATCH "${soname}" ignored "${last}")
    if(NOT CMAKE_MATCH_1 STREQUAL so_version)
      message(FATAL_ERROR "Expected the library of Arrow ${version}, whose headers are in "
        "${include_dir}, but ${lib} has soname version \"${CMAKE_MATCH_1}\".")
    endif()
  endforeach()

  # Only libstdc++ has two ABIs.
  if(NOT CMAKE_HOST_APPLE)
    execute_process(COMMAND ${PACKED_READELF} -Ws --dyn-syms ${arrow_lib} OUTPUT_VARIABLE symbols)
    if(NOT symbols MATCHES "_ZNK5arrow6Status8ToStringB5cxx11Ev")
      message(FATAL_ERROR "Expected ${arrow_lib} to be built with the C++11 ABI of libstdc++ "
        "(_GLIBCXX_USE_CXX11_ABI=1) but arrow::Status::ToString is not there in that form.")
    endif()
  endif()
  set(${version_variable} ${version} PARENT_SCOPE)
endfunction()

if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  packed_check_arrow(${ARROW_INCLUDE} ${ARROW_LIB} ${PARQUET_LIB} version)
  message(STATUS "Arrow ${version} fits")
endif()
