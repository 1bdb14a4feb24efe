# Tests that build examples/consumer against this build's installation and against the sources as a
# subdirectory, and the latter's installation in turn. The subdirectory is built as the other kind of
# library, so that static and shared are both seen.

if(NOT ADJOINT_INSTALL)
  return()
endif()

set(consumer_folder ${CMAKE_CURRENT_BINARY_DIR}/consumer)
set(other_is_shared ON)
if(BUILD_SHARED_LIBS)
  set(other_is_shared OFF)
endif()

function(adjoint_add_consumer_test name)
  add_test(NAME consumer.${name}
           COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/structure/check_consumer ${ARGN})
  set_tests_properties(consumer.${name} PROPERTIES
                       TIMEOUT 1500
                       ENVIRONMENT "CXX=${CMAKE_CXX_COMPILER}\
;CMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER}")
endfunction()

adjoint_add_consumer_test(install install ${PROJECT_BINARY_DIR} ${consumer_folder}/prefix)
adjoint_add_consumer_test(subdirectory subdirectory ${consumer_folder}/subdirectory
                          ${consumer_folder}/other_prefix ${other_is_shared})
set_tests_properties(consumer.install PROPERTIES FIXTURES_SETUP prefix)
set_tests_properties(consumer.subdirectory PROPERTIES FIXTURES_SETUP other_prefix PROCESSORS 2)
foreach(prefix prefix other_prefix)
  foreach(way find_package pkg_config)
    adjoint_add_consumer_test(${way}.${prefix} ${way} ${consumer_folder}/${prefix}
                              ${consumer_folder}/${way}_${prefix})
    set_tests_properties(consumer.${way}.${prefix} PROPERTIES FIXTURES_REQUIRED ${prefix})
  endforeach()
endforeach()
