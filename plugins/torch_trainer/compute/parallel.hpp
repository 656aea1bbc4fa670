// Loops of this plugin's own on LibTorch's threads.
#pragma once

#include <c10/util/FunctionRef.h>

#include <algorithm>
#include <cstdint>

#include "kernels/scratch.hpp"

namespace cv::mixmim {

/// Calls work(i) once for every i in [0, count), on at::get_num_threads() threads; each takes the next i that
/// is left. An exception of `work` is thrown here, after the others have ended.
///
/// at::parallel_for does not serve, because it is a template in LibTorch's headers that runs on one thread
/// where it is compiled without OpenMP. This plugin is compiled without OpenMP, because a process should have
/// one OpenMP and one setting for it.
void parallelFor(int64_t count, c10::function_ref<void(int64_t i)> work);

/// The scratch memory of the calling thread.
KernelScratch& scratch();

/// Rows divided into parts for the threads. How many rows a part has follows from the shapes alone, so that
/// sums over parts do not depend on the number of threads.
struct RowParts {
  RowParts(int64_t allRows, int64_t rowsOfPart)
      : rows(allRows), perPart(rowsOfPart), count((allRows + rowsOfPart - 1) / rowsOfPart) {}

  /// work(part, its first row, number of rows), on the threads of parallelFor().
  template <class Work>
  void forEach(Work work) const {
    parallelFor(count, [&](int64_t i) { work(i, i * perPart, std::min(perPart, rows - i * perPart)); });
  }

  int64_t rows, perPart, count;
};

}  // namespace cv::mixmim
