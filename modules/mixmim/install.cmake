# The installed tree: bin/, lib/ with plugins in lib/mixmim/, include/opencv2/, and packages for CMake and pkg-config. It has
# the build tree's layout and can be moved: programs and plugins are found relative to each other.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/MixMIM)

set_target_properties(opencv_mixmim PROPERTIES EXPORT_NAME mixmim)
install(TARGETS opencv_mixmim EXPORT MixMIMTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/include/opencv2 DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT MixMIMTargets NAMESPACE MixMIM:: DESTINATION ${package_dir})

configure_package_config_file(${CMAKE_CURRENT_SOURCE_DIR}/cmake/MixMIMConfig.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/MixMIMConfig.cmake INSTALL_DESTINATION ${package_dir} PATH_VARS CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/MixMIMConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/MixMIMConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/MixMIMConfigVersion.cmake
        DESTINATION ${package_dir})

configure_file(${CMAKE_CURRENT_SOURCE_DIR}/cmake/opencv_mixmim.pc.in ${CMAKE_CURRENT_BINARY_DIR}/opencv_mixmim.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/opencv_mixmim.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
