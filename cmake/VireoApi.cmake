# SPDX-License-Identifier: LGPL-2.1-or-later
# interfaces/*.xml → generated sources, by tools/api_gen.
find_package(PkgConfig REQUIRED)
pkg_check_modules(TINYXML2 REQUIRED IMPORTED_TARGET tinyxml2)
add_executable(api_gen ${CMAKE_SOURCE_DIR}/tools/api_gen.cpp)
target_link_libraries(api_gen PRIVATE PkgConfig::TINYXML2)
target_compile_options(api_gen PRIVATE -Wall -Wextra)
if(VIREO_SANITIZE)
  target_compile_options(api_gen PRIVATE -fsanitize=${VIREO_SANITIZE})
  target_link_options(api_gen PRIVATE -fsanitize=${VIREO_SANITIZE})
endif()
file(GLOB VIREO_INTERFACES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/interfaces/*.xml)
list(SORT VIREO_INTERFACES)
set(VIREO_GEN ${CMAKE_BINARY_DIR}/gen)
file(MAKE_DIRECTORY ${VIREO_GEN}/api ${VIREO_GEN}/doc)
set(VIREO_API_SOURCES ${VIREO_GEN}/api/dispatch.cpp ${VIREO_GEN}/api/documents.cpp)
set(VIREO_API_OUTPUTS ${VIREO_API_SOURCES} ${VIREO_GEN}/api/types.hpp ${VIREO_GEN}/api/service.hpp
  ${VIREO_GEN}/api/proxies.hpp ${VIREO_GEN}/doc/openrpc.json ${VIREO_GEN}/doc/api.md)
add_custom_command(OUTPUT ${VIREO_API_OUTPUTS}
  COMMAND api_gen ${VIREO_GEN} ${VIREO_INTERFACES}
  DEPENDS api_gen ${VIREO_INTERFACES} VERBATIM
  COMMENT "The API from interfaces/")
add_custom_target(vireo_api_generated DEPENDS ${VIREO_API_OUTPUTS})
target_include_directories(vireo_flags INTERFACE ${VIREO_GEN})
