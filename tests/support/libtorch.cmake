# For programs that are written for libtorch's API alone, and include tests/support/library.h: where
# libtorch is installed, they can be compiled against it too.

set(ADJOINT_LIBTORCH "" CACHE PATH
    "Folder with include/ and lib/ of the libtorch to compare with; the system's if empty")
set(LIBTORCH_FOUND OFF)
set(place PATHS ${ADJOINT_LIBTORCH} /usr)
if(ADJOINT_LIBTORCH)
  list(APPEND place NO_DEFAULT_PATH)
endif()
# Nothing is kept between runs of CMake, since another folder may be given.
find_path(libtorch_api torch/torch.h ${place} PATH_SUFFIXES include/torch/csrc/api/include NO_CACHE)
find_library(libtorch_cpu torch_cpu ${place} PATH_SUFFIXES lib NO_CACHE)
find_library(libtorch_c10 c10 ${place} PATH_SUFFIXES lib NO_CACHE)
if(libtorch_api AND libtorch_cpu AND libtorch_c10)
  set(LIBTORCH_FOUND ON)
elseif(ADJOINT_LIBTORCH)
  message(FATAL_ERROR "ADJOINT_LIBTORCH: expected a folder with libtorch's include/ and lib/, such as "
                      "that of the Python package torch, got ${ADJOINT_LIBTORCH}")
endif()

# adjoint_add_libtorch_twin(NAME SOURCE...): the program NAME_libtorch.
function(adjoint_add_libtorch_twin name)
  set(twin ${name}_libtorch)
  add_executable(${twin} ${ARGN})
  # libtorch_api is .../include/torch/csrc/api/include.
  target_include_directories(${twin} SYSTEM PRIVATE ${libtorch_api} ${libtorch_api}/../../../..)
  target_include_directories(${twin} PRIVATE ${PROJECT_BINARY_DIR}/include_root)
  target_compile_definitions(${twin} PRIVATE ADJOINT_USE_LIBTORCH)
  target_link_libraries(${twin} PRIVATE ${libtorch_cpu} ${libtorch_c10})
  target_compile_features(${twin} PRIVATE cxx_std_20)
endfunction()
