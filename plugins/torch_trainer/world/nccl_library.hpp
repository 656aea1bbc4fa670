// The library of nccl_sums.hpp, found or not, and whether NCCL can serve a run.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "opencv2/mixmim/train/world.hpp"
#include "world/nccl_sums.hpp"

namespace cv::mixmim {

struct NcclLibrary {
  std::string path;
  NcclEntry entry = nullptr;
  std::string missing;  ///< why it cannot be loaded; "" where it is
};

/// Loads the library that lies beside this one.
NcclLibrary findNccl();

/// Sums over the processes of the launch. Throws Error with NCCL's reason.
std::shared_ptr<NcclSums> openNccl(const NcclLibrary& library, const c10::intrusive_ptr<c10d::Store>& store,
                                   const Launch& launch, at::Device device);

/// Why a run cannot use NCCL, from the answers of all processes by rank: `missing` of the library, and which
/// GPU they have (NCCL refuses two processes on one). "" where it can.
std::string obstacleToNccl(const std::vector<std::string>& missing, const std::vector<std::string>& gpus);

}  // namespace cv::mixmim
