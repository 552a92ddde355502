# sparktail_embed(TARGET FILE FOLDER NAME): the text of FILE becomes the constant NAME
# (std::string_view) of the header "<FOLDER>/<name of the file>.h", which TARGET's own sources see. One
# binary brings what it installs elsewhere.
function(sparktail_embed target file folder name)
  cmake_path(GET file FILENAME base)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} SPARKTAIL_EMBEDDED_TEXT)
  set(SPARKTAIL_EMBEDDED_NAME ${name})
  set(root ${CMAKE_BINARY_DIR}/embedded/${target})
  configure_file(${CMAKE_SOURCE_DIR}/cmake/embedded.h.in ${root}/${folder}/${base}.h @ONLY)
  target_include_directories(${target} PRIVATE ${root})
endfunction()
