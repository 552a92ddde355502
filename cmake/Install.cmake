# What `cmake --install` puts beside the program: the man page and the completions, which the program prints of itself,
# and the systemd unit. The program is stripped: its debug information is ten times its size.
include(GNUInstallDirs)

set(help ${CMAKE_BINARY_DIR}/help)
file(MAKE_DIRECTORY ${help})
add_custom_command(
  OUTPUT ${help}/sparktail.1 ${help}/sparktail ${help}/_sparktail
  COMMAND sparktail print-help man > ${help}/sparktail.1
  COMMAND sparktail print-help bash > ${help}/sparktail
  COMMAND sparktail print-help zsh > ${help}/_sparktail
  DEPENDS sparktail VERBATIM)
add_custom_target(sparktail_help ALL DEPENDS ${help}/sparktail.1 ${help}/sparktail ${help}/_sparktail)

install(TARGETS sparktail RUNTIME)
install(CODE "set(program \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/sparktail\")
execute_process(COMMAND ${CMAKE_STRIP} \"\${program}\" COMMAND_ERROR_IS_FATAL ANY)")
install(FILES ${help}/sparktail.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${help}/sparktail DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${help}/_sparktail DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
# systemd looks below /usr/lib, whatever the architecture.
install(FILES deploy/systemd/sparktail.service DESTINATION lib/systemd/system)
install(FILES deploy/systemd/sparktail.yaml DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
