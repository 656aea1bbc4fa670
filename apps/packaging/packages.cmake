# The Debian packages that `cpack -G DEB` makes of the installed tree: four, one per component of the install
# rules.
#
#   runtime   libopencv-mixmim       the library and the plugin that runs models: what a program needs
#   devel     libopencv-mixmim-dev   headers, CMake package, pkg-config
#   program   mixmim                 the command line, the samples
#   trainer   mixmim-torch-trainer   the training plugin; LibTorch itself is fetched after installing it
#
# Dependencies on system packages are found by dpkg-shlibdeps. Everything else that is installed (component
# libtorch_link) belongs to this machine only.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME mixmim)
set(CPACK_PACKAGE_VENDOR "MixMIM for OpenCV")
set(CPACK_PACKAGE_CONTACT "The developers of MixMIM for OpenCV")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")   # every package has a line of its own
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_OUTPUT_FILE_PREFIX ${PROJECT_BINARY_DIR}/packages)
set(CPACK_COMPONENTS_ALL runtime devel program)
if(MIXMIM_TORCH)
  list(APPEND CPACK_COMPONENTS_ALL trainer)
endif()
set(CPACK_COMPONENT_DEVEL_DEPENDS runtime)
set(CPACK_COMPONENT_PROGRAM_DEPENDS runtime)
set(CPACK_COMPONENT_TRAINER_DEPENDS runtime)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_LIBRARY_OUTPUT_DIRECTORY})
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

# mixmim_package(component name section description): `description` is a line, then paragraphs.
macro(mixmim_package component name section description)
  set(CPACK_DEBIAN_${component}_PACKAGE_NAME ${name})
  set(CPACK_DEBIAN_${component}_PACKAGE_SECTION ${section})
  set(CPACK_DEBIAN_${component}_DESCRIPTION ${description})
endmacro()

mixmim_package(RUNTIME libopencv-mixmim libs
  "image classifiers trained with MixMIM, for OpenCV programs
The shared library opencv_mixmim and the plugin that runs exported models.")
mixmim_package(DEVEL libopencv-mixmim-dev libdevel
  "image classifiers trained with MixMIM, for OpenCV programs (development)
Headers, the CMake package MixMIM and pkg-config's opencv_mixmim.")
mixmim_package(PROGRAM mixmim graphics
  "pretrain, fine-tune, export and run MixMIM image models
The command line program mixmim, and sample programs with their sources.
Training needs the package mixmim-torch-trainer.")
mixmim_package(TRAINER mixmim-torch-trainer graphics
  "training plugin of mixmim
The plugin that trains MixMIM models with LibTorch. LibTorch is not in this package:
mixmim-fetch-libtorch fetches it (530 MB), or a link names one that is there already.")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_SOURCE_DIR}/apps/packaging/triggers)
set(CPACK_DEBIAN_DEVEL_PACKAGE_DEPENDS "libopencv-dev")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SUGGESTS "mixmim-torch-trainer, python3-opencv")
set(CPACK_DEBIAN_TRAINER_PACKAGE_RECOMMENDS "mixmim, python3-pip, unzip")
set(CPACK_DEBIAN_TRAINER_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_BINARY_DIR}/packaging/postrm)

set(libtorch_folder ${CPACK_PACKAGING_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/${MIXMIM_PLUGIN_SUBDIR}/libtorch)
configure_file(apps/packaging/postrm.in packaging/postrm @ONLY)
foreach(component IN LISTS CPACK_COMPONENTS_ALL)
  string(TOUPPER ${component} upper)
  install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${CPACK_DEBIAN_${upper}_PACKAGE_NAME}
          RENAME copyright COMPONENT ${component})
endforeach()

include(CPack)
