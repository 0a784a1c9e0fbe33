# SPDX-License-Identifier: LGPL-2.1-or-later
# interfaces/*.xml → generated sources, by tools/api_gen.
find_package(PkgConfig REQUIRED)
pkg_check_modules(TINYXML2 REQUIRED IMPORTED_TARGET tinyxml2)
file(GLOB VIREO_API_GEN_SOURCES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tools/api_*.cpp)
add_executable(api_gen ${VIREO_API_GEN_SOURCES})
target_link_libraries(api_gen PRIVATE PkgConfig::TINYXML2)
target_compile_options(api_gen PRIVATE -Wall -Wextra -Wshadow)
if(VIREO_WERROR)
  target_compile_options(api_gen PRIVATE -Werror)
endif()
if(VIREO_SANITIZE)
  target_compile_options(api_gen PRIVATE -fsanitize=${VIREO_SANITIZE})
  target_link_options(api_gen PRIVATE -fsanitize=${VIREO_SANITIZE})
endif()
file(GLOB VIREO_INTERFACES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/interfaces/*.xml)
list(SORT VIREO_INTERFACES)
set(VIREO_GEN ${CMAKE_BINARY_DIR}/gen)
file(MAKE_DIRECTORY ${VIREO_GEN}/api ${VIREO_GEN}/doc)
set(VIREO_API_SOURCES ${VIREO_GEN}/api/dispatch.cpp ${VIREO_GEN}/api/documents.cpp ${VIREO_GEN}/api/proxies.cpp)
set(VIREO_API_OUTPUTS ${VIREO_API_SOURCES} ${VIREO_GEN}/api/types.hpp ${VIREO_GEN}/api/service.hpp
  ${VIREO_GEN}/api/proxies.hpp)
# doc/openrpc.json, api.md, summary.txt, org.vireo1.policy (polkit), introspection/org.vireo1.*.xml
set(VIREO_API_DOCUMENTS ${VIREO_GEN}/doc/openrpc.json ${VIREO_GEN}/doc/api.md ${VIREO_GEN}/doc/summary.txt
  ${VIREO_GEN}/doc/org.vireo1.policy)
# The outputs stay untouched while their text is the same, so a stamp says that they are up to date.
add_custom_command(OUTPUT ${VIREO_GEN}/stamp
  BYPRODUCTS ${VIREO_API_OUTPUTS} ${VIREO_API_DOCUMENTS}
  COMMAND api_gen ${VIREO_GEN} ${VIREO_INTERFACES}
  COMMAND ${CMAKE_COMMAND} -E touch ${VIREO_GEN}/stamp
  DEPENDS api_gen ${VIREO_INTERFACES} VERBATIM
  COMMENT "The API from interfaces/")
add_custom_target(vireo_api_generated DEPENDS ${VIREO_GEN}/stamp)
set_source_files_properties(${VIREO_API_SOURCES} PROPERTIES GENERATED TRUE)
target_include_directories(vireo_flags INTERFACE ${VIREO_GEN})
