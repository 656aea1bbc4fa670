#include "cuda/nvrtc.hpp"

#include <ATen/Version.h>
#include <dlfcn.h>

#include <filesystem>

#include "cuda/library.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"

namespace cv::mixmim {

namespace {

namespace fs = std::filesystem;

constexpr const char* kWhere = "NVRTC";

/// The folder of the library that a function is in.
template <class Function>
fs::path folderOf(Function* function) {
  Dl_info info{};
  if (!dladdr(reinterpret_cast<void*>(function), &info) || !info.dli_fname) return {};
  return fs::path(info.dli_fname).parent_path();
}

/// NVRTC loads a second library by its mere name when it compiles, and where the first was found by its path,
/// the loader does not find it. So it is loaded here, if it stands beside.
void loadBuiltins(const fs::path& folder) {
  const std::string start = "libnvrtc-builtins.so.";
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (startsWith(entry.path().filename().string(), start))
      dlopen(entry.path().c_str(), RTLD_NOW | RTLD_LOCAL);
}

/// <site-packages>/nvidia/cu13/lib and its like, from the place of a function of LibTorch.
std::vector<std::string> besideLibTorch(const std::string& file) {
  const fs::path torch = folderOf(&at::show_config);
  if (torch.empty()) return {};
  const fs::path packages = torch / "../../nvidia";
  return {packages / "cu13/lib" / file, packages / "cuda_nvrtc/lib" / file};
}

std::vector<std::string> placesOfNvrtc(std::vector<std::string> places) {
  for (const char* file : {"libnvrtc.so.13", "libnvrtc.so.12"}) {
    places.emplace_back(file);
    for (std::string& beside : besideLibTorch(file)) places.push_back(std::move(beside));
  }
  return places;
}

std::vector<std::string> optionsFor(const std::string& architecture, StoredType stored) {
  return {"--gpu-architecture=" + architecture, "--std=c++17", "--ptxas-options=-v",
          std::string("-DMIXMIM_STORED=") + (stored == StoredType::kFloat ? "float" : "Bfloat16")};
}

/// The first line of the log that is an error, or all of it.
std::string complaintIn(const std::string& log) {
  const size_t at = log.find("error");
  if (at == std::string::npos) return log;
  const size_t begin = log.rfind('\n', at) + 1;  // npos + 1 is 0
  return log.substr(begin, log.find('\n', at) - begin);
}

}  // namespace

Nvrtc::Nvrtc(const std::vector<std::string>& first) {
  const Library library(kWhere, placesOfNvrtc(first),
                        "a LibTorch with CUDA brings it (third_party/fetch_libtorch.sh --cuda)");
  library.find("nvrtcVersion", nvrtcVersion_);
  library.find("nvrtcCreateProgram", nvrtcCreateProgram_);
  library.find("nvrtcDestroyProgram", nvrtcDestroyProgram_);
  library.find("nvrtcCompileProgram", nvrtcCompileProgram_);
  library.find("nvrtcGetProgramLogSize", nvrtcGetProgramLogSize_);
  library.find("nvrtcGetProgramLog", nvrtcGetProgramLog_);
  library.find("nvrtcGetCUBINSize", nvrtcGetCUBINSize_);
  library.find("nvrtcGetCUBIN", nvrtcGetCUBIN_);
  library.find("nvrtcGetErrorString", nvrtcGetErrorString_);
  loadBuiltins(folderOf(nvrtcVersion_));
}

void Nvrtc::check(int result, const std::string& what) const {
  if (result != 0) throw Error(kWhere, what + " failed: " + nvrtcGetErrorString_(result));
}

std::string Nvrtc::version() const {
  int major = 0, minor = 0;
  check(nvrtcVersion_(&major, &minor), "asking for its version");
  return std::to_string(major) + "." + std::to_string(minor);
}

/// A program of NVRTC, which has to be given back.
class Nvrtc::Compilation {
 public:
  Compilation(const Nvrtc& nvrtc, const std::vector<KernelFile>& files) : nvrtc_(nvrtc) {
    std::vector<const char*> names, texts;
    for (const KernelFile& file : files) {
      names.push_back(file.name);
      texts.push_back(file.text);
    }
    nvrtc.check(nvrtc.nvrtcCreateProgram_(&program_, texts[0], names[0], static_cast<int>(files.size()) - 1,
                                          texts.data() + 1, names.data() + 1),
                "creating a program");
  }
  Compilation(const Compilation&) = delete;
  Compilation& operator=(const Compilation&) = delete;
  ~Compilation() { nvrtc_.nvrtcDestroyProgram_(&program_); }

  int compile(const std::vector<std::string>& options) {
    std::vector<const char*> words;
    for (const std::string& option : options) words.push_back(option.c_str());
    return nvrtc_.nvrtcCompileProgram_(program_, static_cast<int>(words.size()), words.data());
  }

  std::string log() const {
    std::string text = bytes(nvrtc_.nvrtcGetProgramLogSize_, nvrtc_.nvrtcGetProgramLog_);
    return text.substr(0, text.find('\0'));
  }
  std::string cubin() const { return bytes(nvrtc_.nvrtcGetCUBINSize_, nvrtc_.nvrtcGetCUBIN_); }

 private:
  std::string bytes(int (*size)(Program, size_t*), int (*get)(Program, char*)) const {
    size_t count = 0;
    nvrtc_.check(size(program_, &count), "asking for a result's size");
    std::string result(count, '\0');
    nvrtc_.check(get(program_, result.data()), "asking for a result");
    return result;
  }

  const Nvrtc& nvrtc_;
  Program program_ = nullptr;
};

CompiledKernels Nvrtc::compile(const std::vector<KernelFile>& files, const std::string& architecture,
                               StoredType stored) const {
  Compilation compilation(*this, files);
  const int result = compilation.compile(optionsFor(architecture, stored));
  if (result != 0)
    throw Error(kWhere, "cannot compile the kernels for " + architecture + ": " +
                            nvrtcGetErrorString_(result) + ", " + complaintIn(compilation.log()));
  return {compilation.cubin(), compilation.log()};
}

}  // namespace cv::mixmim
