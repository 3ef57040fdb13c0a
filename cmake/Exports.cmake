# What a library shows, and that it stays once it is loaded.
#
#   packed_export_only(<target> <map>)   exactly the functions under `global:` of <map> are visible
#   packed_apple_exports(<map> <list>)   writes them as Apple's linker takes them, `_name` a line
#
# GNU's linker takes the map itself, Apple's the list. It has no `-z nodelete` either: there the
# executor keeps its library loaded (cpp/src/executor.cc).

function(packed_apple_exports map list)
  file(READ ${map} text)
  string(REGEX MATCH "global:([A-Za-z0-9_; \n]*)local:" ignored "${text}")
  string(REGEX MATCHALL "[A-Za-z0-9_]+" names "${CMAKE_MATCH_1}")
  if(NOT names)
    message(FATAL_ERROR "Expected functions between `global:` and `local:` but ${map} has none.")
  endif()
  list(TRANSFORM names PREPEND _)
  list(JOIN names "\n" lines)
  file(WRITE ${list} "${lines}\n")
endfunction()

function(packed_export_only target map)
  if(APPLE)
    set(list ${CMAKE_CURRENT_BINARY_DIR}/${target}.exports)
    packed_apple_exports(${map} ${list})
    target_link_options(${target} PRIVATE -Wl,-exported_symbols_list,${list})
  else()
    target_link_options(${target} PRIVATE -Wl,--version-script=${map} -Wl,-z,nodelete)
  endif()
  set_target_properties(${target} PROPERTIES LINK_DEPENDS ${map})
endfunction()

# Alone: cmake -DMAP=cpp/c_api.map -DLIST=out.exports -P cmake/Exports.cmake
if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  packed_apple_exports(${MAP} ${LIST})
endif()
