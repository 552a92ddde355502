# A box is one CMake target: its sources, and the boxes and libraries it may include.
# A box that does not state a dependency on another does not get its include path, so a wrong
# include does not build. (Headers of Debian's libraries lie in /usr/include and are seen by all.)

add_library(sparktail_flags INTERFACE)
target_compile_options(sparktail_flags INTERFACE -pthread -Wall -Wextra -Wshadow -Wnon-virtual-dtor
  -Woverloaded-virtual -Wcast-qual -Wimplicit-fallthrough)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(sparktail_flags INTERFACE -Wthread-safety)
endif()
if(SPARKTAIL_WERROR)
  target_compile_options(sparktail_flags INTERFACE -Werror)
endif()
if(SPARKTAIL_SANITIZE)
  target_compile_options(sparktail_flags INTERFACE
    -fsanitize=${SPARKTAIL_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(sparktail_flags INTERFACE -fsanitize=${SPARKTAIL_SANITIZE})
endif()
if(SPARKTAIL_SANITIZE STREQUAL "thread")
  # ThreadSanitizer is told of absl::Mutex and of librdkafka's threads; the two files say why.
  add_library(sparktail_tsan STATIC
    ${CMAKE_CURRENT_LIST_DIR}/tsan/absl_mutex.cc ${CMAKE_CURRENT_LIST_DIR}/tsan/librdkafka.cc)
  target_link_libraries(sparktail_tsan PUBLIC absl::synchronization absl::time)
  target_link_libraries(sparktail_flags INTERFACE sparktail_tsan)
  target_link_options(sparktail_flags INTERFACE -Wl,--undefined=thrd_create)
  foreach(function Mutex4LockEv Mutex6UnlockEv Mutex7TryLockEv Mutex10ReaderLockEv
      Mutex12ReaderUnlockEv Mutex5AwaitERKNS0_9ConditionE
      Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE
      Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE)
    target_link_options(sparktail_flags INTERFACE -Wl,--wrap=_ZN4absl7debian35${function})
  endforeach()
endif()

# What nearly every file includes is compiled once. All boxes share one precompiled header, all test
# programs another.
set(SPARKTAIL_COMMON_HEADERS <algorithm> <array> <atomic> <cstdint> <deque> <functional> <map>
  <memory> <optional> <set> <span> <string> <string_view> <unordered_map> <utility> <variant> <vector>
  <absl/functional/function_ref.h> <absl/status/statusor.h> <absl/synchronization/mutex.h>
  <absl/time/time.h>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT CMAKE_DISABLE_PRECOMPILE_HEADERS)
  # -fpch-preprocess lets ccache see the header that was precompiled. Out of it GCC 12 warns of the
  # standard library's own strings (its bug 105329), as it does not of a system header.
  target_compile_options(sparktail_flags INTERFACE -fpch-preprocess -Wno-array-bounds -Wno-restrict
    -Wno-stringop-overflow)
endif()
add_library(sparktail_common OBJECT ${CMAKE_CURRENT_LIST_DIR}/common.cc)
target_link_libraries(sparktail_common PRIVATE sparktail_flags absl::statusor absl::synchronization absl::time)
target_precompile_headers(sparktail_common PRIVATE ${SPARKTAIL_COMMON_HEADERS})

# sparktail_box(NAME SOURCES … DEPENDS …): headers are included as "<folder>/<file>.h".
# Each box sees only its own headers and those of the boxes it depends on: they are linked
# into build/<preset>/include/<box>/<folder>.
function(sparktail_box name)
  cmake_parse_arguments(BOX "" "FOLDER" "SOURCES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  add_library(${name} STATIC ${BOX_SOURCES})
  set(root ${CMAKE_BINARY_DIR}/include/${name})
  cmake_path(GET BOX_FOLDER PARENT_PATH parent)
  file(MAKE_DIRECTORY ${root}/${parent})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${BOX_FOLDER} ${root}/${BOX_FOLDER} SYMBOLIC)
  target_include_directories(${name} PUBLIC ${root})
  target_link_libraries(${name} PUBLIC ${BOX_DEPENDS} PRIVATE ${BOX_PRIVATE_DEPENDS}
    sparktail_flags)
  target_precompile_headers(${name} REUSE_FROM sparktail_common)
endfunction()
