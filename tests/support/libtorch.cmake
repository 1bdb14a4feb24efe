# For programs that are written for libtorch's API alone, and include tests/support/library.h: where
# libtorch is installed, they can be compiled against it too.

find_path(LIBTORCH_API torch/torch.h
          PATHS /usr/include/torch/csrc/api/include PATH_SUFFIXES include/torch/csrc/api/include)
find_library(LIBTORCH_CPU torch_cpu)
find_library(LIBTORCH_C10 c10)
set(LIBTORCH_FOUND OFF)
if(LIBTORCH_API AND LIBTORCH_CPU AND LIBTORCH_C10)
  set(LIBTORCH_FOUND ON)
endif()

# adjoint_add_libtorch_twin(NAME SOURCE...): the program NAME_libtorch.
function(adjoint_add_libtorch_twin name)
  set(twin ${name}_libtorch)
  add_executable(${twin} ${ARGN})
  cmake_path(GET LIBTORCH_API PARENT_PATH api)  # .../include/torch/csrc/api
  target_include_directories(${twin} SYSTEM PRIVATE ${LIBTORCH_API} ${api}/../../..)
  target_include_directories(${twin} PRIVATE ${PROJECT_BINARY_DIR}/include_root)
  target_compile_definitions(${twin} PRIVATE ADJOINT_USE_LIBTORCH)
  target_link_libraries(${twin} PRIVATE ${LIBTORCH_CPU} ${LIBTORCH_C10})
  target_compile_features(${twin} PRIVATE cxx_std_17)
endfunction()
