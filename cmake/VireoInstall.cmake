# SPDX-License-Identifier: LGPL-2.1-or-later
# cmake --install: programs, units, bus files, polkit's actions, introspection, man pages, completions.
include(GNUInstallDirs)
set(VIREO_SYSTEMD_DIR "lib/systemd" CACHE PATH "Where systemd's system/ and user/ units go")
set(VIREO_INSTALL_STAGE ${CMAKE_BINARY_DIR}/install)

foreach(program vireod vireo)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endforeach()

# Files that name /usr/bin/vireod: with the path that it really gets.
function(vireo_install_with_path source destination)
  cmake_parse_arguments(F "" "RENAME" "" ${ARGN})
  if(NOT EXISTS ${CMAKE_SOURCE_DIR}/${source})
    return()
  endif()
  file(READ ${CMAKE_SOURCE_DIR}/${source} text)
  string(REPLACE "/usr/bin/" "${CMAKE_INSTALL_FULL_BINDIR}/" text "${text}")
  set(staged ${VIREO_INSTALL_STAGE}/${source})
  file(CONFIGURE OUTPUT ${staged} CONTENT "${text}" @ONLY)
  if(F_RENAME)
    install(FILES ${staged} DESTINATION ${destination} RENAME ${F_RENAME})
  else()
    install(FILES ${staged} DESTINATION ${destination})
  endif()
endfunction()

foreach(scope system user)
  foreach(unit vireo.service vireo.socket)
    vireo_install_with_path(systemd/${scope}/${unit} ${VIREO_SYSTEMD_DIR}/${scope})
  endforeach()
endforeach()
install(FILES systemd/sysusers.d/vireo.conf DESTINATION lib/sysusers.d)
install(FILES systemd/tmpfiles.d/vireo.conf DESTINATION lib/tmpfiles.d)

vireo_install_with_path(dbus/org.vireo1.service ${CMAKE_INSTALL_DATADIR}/dbus-1/system-services)
vireo_install_with_path(dbus/org.vireo1.session.service ${CMAKE_INSTALL_DATADIR}/dbus-1/services RENAME org.vireo1.service)
if(EXISTS ${CMAKE_SOURCE_DIR}/dbus/org.vireo1.conf)
  install(FILES dbus/org.vireo1.conf DESTINATION ${CMAKE_INSTALL_DATADIR}/dbus-1/system.d)
endif()

# Generated from interfaces/.
install(FILES ${VIREO_GEN}/doc/org.vireo1.policy DESTINATION ${CMAKE_INSTALL_DATADIR}/polkit-1/actions OPTIONAL)
install(DIRECTORY ${VIREO_GEN}/doc/introspection/ DESTINATION ${CMAKE_INSTALL_DATADIR}/dbus-1/interfaces OPTIONAL
  FILES_MATCHING PATTERN "org.vireo1.*.xml")
install(FILES ${VIREO_GEN}/doc/api.md ${VIREO_GEN}/doc/openrpc.json README.md DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL)

file(GLOB man_pages CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/docs/man/*.[1-8])
foreach(page ${man_pages})
  string(REGEX MATCH "[1-8]$" section ${page})
  install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()

set(completions ${CMAKE_SOURCE_DIR}/packaging/completions)
foreach(name vireo vireo.bash)
  if(EXISTS ${completions}/${name})
    install(FILES ${completions}/${name} DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME vireo)
  endif()
endforeach()
install(FILES ${completions}/_vireo DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions OPTIONAL)
install(FILES ${completions}/vireo.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d OPTIONAL)
