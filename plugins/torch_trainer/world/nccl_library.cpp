#include "world/nccl_library.hpp"

#include <dlfcn.h>

#include <filesystem>
#include <map>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

NcclLibrary findNccl() {
  static const char own = 0;
  Dl_info here{};
  dladdr(&own, &here);
  NcclLibrary library;
  library.path = (std::filesystem::path(here.dli_fname).parent_path() / kNcclLibrary).string();
  void* opened = dlopen(library.path.c_str(), RTLD_NOW);
  library.entry = opened ? reinterpret_cast<NcclEntry>(dlsym(opened, kNcclEntry)) : nullptr;
  if (library.entry) return library;
  const char* reason = dlerror();
  library.missing = reason ? reason : "unknown reason";
  return library;
}

std::shared_ptr<NcclSums> openNccl(const NcclLibrary& library, const c10::intrusive_ptr<c10d::Store>& store,
                                   const Launch& launch, at::Device device) {
  char reason[1024] = "";
  NcclSums* sums = library.entry(store, launch.rank, launch.size, device, reason, sizeof reason);
  if (!sums) throw Error(library.path, reason);
  return std::shared_ptr<NcclSums>(sums);
}

std::string obstacleToNccl(const std::vector<std::string>& missing, const std::vector<std::string>& gpus) {
  for (size_t rank = 0; rank < missing.size(); ++rank)
    if (!missing[rank].empty()) return "process " + std::to_string(rank) + " has no NCCL: " + missing[rank];
  std::map<std::string, size_t> owners;
  for (size_t rank = 0; rank < gpus.size(); ++rank) {
    const auto [owner, alone] = owners.emplace(gpus[rank], rank);
    if (!alone)
      return "processes " + std::to_string(owner->second) + " and " + std::to_string(rank) + " share a GPU";
  }
  return {};
}

}  // namespace cv::mixmim
