cmake_minimum_required(VERSION 3.25)
# Every C++ file is as clang-format writes it; run from the project's root:
#   cmake -P tests/format.cmake
# To mend: clang-format -i FILE...
file(GLOB folders LIST_DIRECTORIES true *)
set(files)
foreach(folder ${folders})
  if(IS_DIRECTORY ${folder} AND NOT folder MATCHES "/(build|output|node_modules)$")
    file(GLOB_RECURSE found ${folder}/*.h ${folder}/*.cpp)
    list(APPEND files ${found})
  endif()
endforeach()
execute_process(COMMAND clang-format --dry-run -Werror ${files} RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "format: some files differ")
endif()
