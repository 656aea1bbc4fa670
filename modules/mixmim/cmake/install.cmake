# The installed tree: bin/, lib/ with plugins in lib/mixmim/, include/opencv2/, and packages for CMake and pkg-config. It has
# the build tree's layout and can be moved: programs and plugins are found relative to each other.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/MixMIM)
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
string(REGEX MATCH "^[0-9]+" opencv_major ${OpenCV_VERSION})
string(REGEX MATCH "^[0-9]+\\.[0-9]+" opencv_minor ${OpenCV_VERSION})
set(plugin_dir ${CMAKE_INSTALL_LIBDIR}/${MIXMIM_PLUGIN_SUBDIR})

set_target_properties(opencv_mixmim PROPERTIES EXPORT_NAME mixmim)
install(TARGETS opencv_mixmim EXPORT MixMIMTargets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT devel)
install(DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/include/opencv2
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT devel)
install(EXPORT MixMIMTargets NAMESPACE MixMIM:: DESTINATION ${package_dir} COMPONENT devel)

configure_package_config_file(${CMAKE_CURRENT_SOURCE_DIR}/cmake/MixMIMConfig.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/MixMIMConfig.cmake INSTALL_DESTINATION ${package_dir} PATH_VARS plugin_dir)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/MixMIMConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/MixMIMConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/MixMIMConfigVersion.cmake
        DESTINATION ${package_dir} COMPONENT devel)

string(REGEX REPLACE "[^/]+" ".." prefix_from_pc ${pkgconfig_dir})   # as many folders up
configure_file(${CMAKE_CURRENT_SOURCE_DIR}/cmake/opencv_mixmim.pc.in ${CMAKE_CURRENT_BINARY_DIR}/opencv_mixmim.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/opencv_mixmim.pc DESTINATION ${pkgconfig_dir} COMPONENT devel)
