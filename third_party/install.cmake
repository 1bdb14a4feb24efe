# `cmake --install`: the library, the public headers, and what find_package(Adjoint) and pkg-config
# need. The prefix may be moved afterwards; nothing in it names a folder of this machine.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Adjoint)

install(TARGETS adjoint EXPORT AdjointTargets INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

# All headers but the internal ones: those in a folder `kernels` or with a line "// Internal...".
file(GLOB_RECURSE headers RELATIVE ${PROJECT_SOURCE_DIR} CONFIGURE_DEPENDS
     core/*.h autograd/*.h ops/*.h nn/*.h)
foreach(header IN LISTS headers ITEMS adjoint.h)
  file(STRINGS ${header} internal REGEX "^// Internal" LIMIT_COUNT 1)
  cmake_path(GET header PARENT_PATH folder)
  if(NOT internal AND NOT folder MATCHES "(^|/)kernels$")
    install(FILES ${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/adjoint/${folder})
  endif()
endforeach()

install(EXPORT AdjointTargets NAMESPACE Adjoint:: DESTINATION ${config_dir})
configure_package_config_file(third_party/AdjointConfig.cmake.in AdjointConfig.cmake
                              INSTALL_DESTINATION ${config_dir})
write_basic_package_version_file(AdjointConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/AdjointConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/AdjointConfigVersion.cmake
              third_party/FindOpenBLAS.cmake
        DESTINATION ${config_dir})

# pkg-config. What the static library is built from is named as private, for `pkg-config --static`, and
# when there is only the static library as public too, so that it links without that option. OpenBLAS
# stands here as a library: its own .pc file asks for libgfortran, which only its static build needs.
file(RELATIVE_PATH prefix_from_pkgconfig /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
cmake_path(GET OpenBLAS_LIBRARY PARENT_PATH openblas_dir)
set(pc_libs_private -lopenblas)
if(NOT openblas_dir IN_LIST CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES)
  list(PREPEND pc_libs_private -L${openblas_dir})
endif()
list(APPEND pc_libs_private -pthread)
list(JOIN pc_libs_private " " pc_libs_private)
set(pc_requires "fmt spdlog")
set(pc_requires_private "zlib libpng")
set(pc_libs "")
if(NOT BUILD_SHARED_LIBS)
  string(APPEND pc_requires " ${pc_requires_private}")
  set(pc_libs "${pc_libs_private}")
endif()
configure_file(third_party/adjoint.pc.in adjoint.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/adjoint.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
