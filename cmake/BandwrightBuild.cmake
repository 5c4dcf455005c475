# What every target of the project shares, and the functions that declare them:
# bandwright_module for a folder's library, bandwright_test for its tests.

option(BANDWRIGHT_TESTS "Build the tests" ON)
option(BANDWRIGHT_BENCHMARKS "Build the benchmarks" OFF)
option(BANDWRIGHT_FUZZ "Build the fuzz targets (needs clang)" OFF)
set(BANDWRIGHT_SANITIZE "" CACHE STRING "Comma-separated sanitizers for every target")

set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(bandwright_options INTERFACE)
target_compile_features(bandwright_options INTERFACE cxx_std_20)
target_compile_options(bandwright_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wno-missing-field-initializers -Werror)
# GCC 12 sees overlaps and unset members in the library's own code that are not there (its bugs 105651, 105562).
target_compile_options(bandwright_options INTERFACE
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:Release>>:-Wno-restrict;-Wno-maybe-uninitialized>)
if(BANDWRIGHT_SANITIZE)
  target_compile_options(bandwright_options INTERFACE
    -fsanitize=${BANDWRIGHT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(bandwright_options INTERFACE -fsanitize=${BANDWRIGHT_SANITIZE})
endif()

# bandwright_runs_once(<target>): its code (assertions, options, tables) runs once, so that debug builds gain
# more by compiling it quickly than by compiling it well.
function(bandwright_runs_once target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Debug>:-O0>)
endfunction()

# bandwright_module(<folder> SOURCES ... HEADERS ... [USES ...])
# The static library of one top-level folder. Headers lie beside the sources and are included from the
# project's root: #include "topology/network.h".
function(bandwright_module name)
  cmake_parse_arguments(arg "" "" "SOURCES;HEADERS;USES" ${ARGN})
  add_library(bandwright_${name} STATIC ${arg_SOURCES})
  add_library(bandwright::${name} ALIAS bandwright_${name})
  target_sources(bandwright_${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${arg_HEADERS})
  target_link_libraries(bandwright_${name} PUBLIC ${arg_USES} PRIVATE bandwright_options)
  target_compile_features(bandwright_${name} PUBLIC cxx_std_20)
endfunction()

# bandwright_test(<folder> SOURCES ... [USES ...] [LABELS ...] [TOGETHER <pattern>...])
# One GoogleTest program for a folder's tests, run from the project's root so that tests find inputs/ and
# tests/data. Each test is a process of its own but for those of each pattern of TOGETHER, which share one: tests that
# share what takes long, and seeds by the hundred, which take less time than a process needs to start.
# The label `threads` says that it starts threads: it is run under the thread sanitizer, too.
function(bandwright_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;USES;LABELS;TOGETHER" ${ARGN})
  add_executable(bandwright_test_${name} ${arg_SOURCES})
  target_link_libraries(bandwright_test_${name} PRIVATE
    bandwright_options ${arg_USES} GTest::gtest GTest::gmock GTest::gtest_main)
  bandwright_runs_once(bandwright_test_${name})
  set(others)
  if(arg_TOGETHER)
    string(REPLACE ";" ":" others "${arg_TOGETHER}")
    set(others TEST_FILTER "-${others}")
  endif()
  gtest_discover_tests(bandwright_test_${name} ${others}
    TEST_PREFIX "${name}." WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS "${arg_LABELS}")
  foreach(pattern ${arg_TOGETHER})
    add_test(NAME ${name}.${pattern} COMMAND bandwright_test_${name} --gtest_brief=1 --gtest_filter=${pattern}
      WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(${name}.${pattern} PROPERTIES
      LABELS "${arg_LABELS}" FAIL_REGULAR_EXPRESSION "PASSED  . 0 tests" COST 100)
  endforeach()
  if("threads" IN_LIST arg_LABELS)
    add_dependencies(thread_tests bandwright_test_${name})
  endif()
endfunction()
