#include "cuda/library.hpp"

#include <dlfcn.h>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

Library::Library(const std::string& where, const std::vector<std::string>& names, const std::string& hint)
    : where_(where), hint_(hint) {
  std::vector<std::string> reasons;
  for (const std::string& name : names) {
    handle_ = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
    name_ = name;
    if (handle_) return;
    const char* reason = dlerror();
    reasons.emplace_back(reason ? reason : name + ": unknown reason");
  }
  throw Error(where, "cannot be loaded: " + firstFew(reasons, 2), hint);
}

void* Library::symbol(const char* name) const {
  if (void* found = dlsym(handle_, name)) return found;
  throw Error(where_, std::string("expected ") + name + " in " + name_ + ", got a library without it", hint_);
}

}  // namespace cv::mixmim
