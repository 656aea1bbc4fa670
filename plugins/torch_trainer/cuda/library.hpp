// Libraries opened at run time, and their functions by name.
#pragma once

#include <string>
#include <vector>

namespace cv::mixmim {

/// A library that stays open until the process ends, because threads of its own may run in it.
class Library {
 public:
  /// The first of `names` that the loader finds. Error "where: ..." with its reasons where it finds none.
  Library(const std::string& where, const std::vector<std::string>& names, const std::string& hint);

  /// Sets `function` to the one of this name. Error where the library has none.
  template <class Function>
  void find(const char* name, Function*& function) const {
    function = reinterpret_cast<Function*>(symbol(name));
  }

 private:
  void* symbol(const char* name) const;

  std::string where_, name_, hint_;
  void* handle_ = nullptr;
};

}  // namespace cv::mixmim
