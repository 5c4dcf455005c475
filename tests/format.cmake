cmake_minimum_required(VERSION 3.25)
# Every C++ file is as clang-format writes it; run from the project's root:
#   cmake -P tests/format.cmake
# To mend: clang-format -i FILE...
set(files)
foreach(folder answers benchmarks cli collective core cost_model experiment formats memory optimizer report scaling
        simulator step tests topology workload)
  file(GLOB_RECURSE found ${folder}/*.h ${folder}/*.cpp)
  list(APPEND files ${found})
endforeach()
execute_process(COMMAND clang-format --dry-run -Werror ${files} RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "format: some files differ")
endif()
