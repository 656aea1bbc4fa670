# Dependencies of the module besides OpenCV, where it is not built with the whole project. In the whole
# project, third_party/CMakeLists.txt asks for the same.
find_package(Boost 1.75 QUIET COMPONENTS json)
find_package(fmt 9.0 QUIET)
