# What the module needs besides OpenCV, where it is not built with the whole project: third_party/CMakeLists.txt asks for the
# same there.
find_package(Boost 1.75 QUIET COMPONENTS json)
find_package(fmt 9.0 QUIET)
