// How the processes of a run find each other: a store at an address that all know.
#pragma once

#include <c10/util/intrusive_ptr.h>

#include <memory>
#include <string>
#include <vector>

#include "opencv2/mixmim/train/world.hpp"
#include "world/life_signs.hpp"

namespace c10d {
class Store;
}

namespace cv::mixmim {

/// "process 1 of 4".
std::string nameOf(int rank, int size);

/// The address of this machine on the way to the meeting place, because the others reach it there too. The
/// machine's name does not serve, because it often leads nowhere, or to the loopback device.
std::string addressTowards(const Launch& launch);

/// A connection to the store of the launch; with `serve` it is opened here. Throws Error where that fails.
c10::intrusive_ptr<c10d::Store> openStore(const Launch& launch, bool serve);

/// The store as a notice board.
std::shared_ptr<Board> boardOf(const c10::intrusive_ptr<c10d::Store>& store);

/// Introduces this process to the others, and waits for them. Their names, by rank. Throws Error naming those
/// that do not come.
std::vector<std::string> meet(c10d::Store& store, const Launch& launch);

}  // namespace cv::mixmim
