# The library as a part of this project or as a project of its own: cmake -S modules/mixmim -B build
if(NOT DEFINED MixMIM_SOURCE_DIR)
  include(GNUInstallDirs)
  include(cmake/dependencies.cmake)
  find_package(OpenCV REQUIRED COMPONENTS core imgproc imgcodecs)
  if(OpenCV_VERSION VERSION_LESS 4.5.5)   # not in find_package, because OpenCV 5 would refuse
    message(FATAL_ERROR "OpenCV >= 4.5.5 is needed, found ${OpenCV_VERSION}")
  endif()
  if(NOT Boost_FOUND OR NOT fmt_FOUND)
    message(FATAL_ERROR "Boost >= 1.75 (JSON, Program_options) and fmt >= 9 are needed")
  endif()
  set(CMAKE_CXX_STANDARD 17)
  set(CMAKE_CXX_VISIBILITY_PRESET hidden)
  set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
  add_library(mixmim_flags INTERFACE)
  target_compile_options(mixmim_flags INTERFACE -ffp-contract=off)
  target_compile_definitions(mixmim_flags INTERFACE CVAPI_EXPORTS)
endif()

if(TARGET opencv_mixmim)
  message(STATUS "opencv_mixmim comes with OpenCV ${OpenCV_VERSION}; install the plugins into its prefix")
  add_library(MixMIM::mixmim ALIAS opencv_mixmim)
  return()
endif()

add_library(opencv_mixmim SHARED
  src/answers.cpp
  src/error.cpp
  src/json.cpp
  src/orientation.cpp
  src/webp_frame.cpp
  src/plugins/network.cpp
  src/plugins/plugin.cpp
  src/plugins/plugin_streams.cpp
  src/plugins/trainer.cpp
  src/resample/preprocess.cpp
  src/resample/resample.cpp
  src/resample/resample_avx2.cpp
  src/resample/resample_avx512.cpp
  src/resample/resample_portable.cpp
  src/tasks/classifier.cpp
  src/tasks/pictures.cpp
  src/train/cells.cpp
  src/train/config_file.cpp
  src/train/config_json.cpp
  src/train/data_defaults.cpp
  src/train/launch.cpp
  src/train/model_presets.cpp
  src/train/option_list.cpp
  src/train/option_value.cpp
  src/train/random.cpp
  src/train/recipes.cpp
  src/train/resolve.cpp
  src/train/tensor.cpp
  src/train/world.cpp)
# GCC's own AVX-512 header trips these two (GCC bug 105593).
set_source_files_properties(src/resample/resample_avx512.cpp PROPERTIES
  COMPILE_OPTIONS "$<$<CXX_COMPILER_ID:GNU>:-Wno-unknown-warning-option;-Wno-uninitialized;-Wno-maybe-uninitialized>")
add_library(MixMIM::mixmim ALIAS opencv_mixmim)
target_include_directories(opencv_mixmim
  PUBLIC $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
  PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/src)
target_link_libraries(opencv_mixmim
  PUBLIC opencv_core
  PRIVATE mixmim_flags opencv_imgproc opencv_imgcodecs Boost::json Boost::headers fmt::fmt ${CMAKE_DL_LIBS})
target_compile_definitions(opencv_mixmim PRIVATE
  MIXMIM_PLUGIN_SUBDIR="${MIXMIM_PLUGIN_SUBDIR}" BOOST_DLL_USE_STD_FS)
set_target_properties(opencv_mixmim PROPERTIES
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR} INSTALL_RPATH "$ORIGIN")
include(cmake/install.cmake)
