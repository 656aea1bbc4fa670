// Own loops on LibTorch's threads.
#pragma once

#include <c10/util/FunctionRef.h>

#include <algorithm>
#include <cstdint>

#include "kernels/scratch.hpp"

namespace cv::mixmim {

/// Calls work(i) once for every i in [0, count), on at::get_num_threads() threads; each takes the next i that
/// is left. What `work` throws comes out here, after the others have ended.
///
/// at::parallel_for is not it: a template of LibTorch's headers, which runs on one thread where it is
/// compiled without OpenMP, as all of this is, so that there is one OpenMP in the process and one setting for
/// it.
void parallelFor(int64_t count, c10::function_ref<void(int64_t i)> work);

/// Of the calling thread.
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
