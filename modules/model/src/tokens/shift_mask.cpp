#include <utility>

#include "model/token_order.hpp"
#include "tokens/window_axis.hpp"

namespace cv::mixmim {

namespace {

/// Pieces of the windows along an axis, for every place of every window.
std::vector<int> piecesAlong(const WindowAxis& axis) {
  std::vector<int> pieces(static_cast<size_t>(axis.grid));
  for (int token = 0; token < axis.grid; ++token)
    pieces[static_cast<size_t>(axis.rolled(token))] = axis.pieceOf(token);
  return pieces;
}

}  // namespace

cv::Mat shiftMask(const Stage& stage, const Block& block) {
  constexpr float kApart = -100;
  const std::vector<int> rows = piecesAlong(rowsOf(stage.grid, block));
  const std::vector<int> columns = piecesAlong(columnsOf(stage.grid, block));
  const cv::Size window = block.window;
  const int n = window.width * window.height;
  std::vector<std::pair<int, int>> pieces;  // window by window, in raster order
  for (int top = 0; top < stage.grid.height; top += window.height)
    for (int left = 0; left < stage.grid.width; left += window.width)
      for (int y = top; y < top + window.height; ++y)
        for (int x = left; x < left + window.width; ++x)
          pieces.emplace_back(rows[static_cast<size_t>(y)], columns[static_cast<size_t>(x)]);
  cv::Mat mask(stage.tokens(), n, CV_32F);
  for (int first = 0; first < mask.rows; first += n)
    for (int i = first; i < first + n; ++i)
      for (int j = 0; j < n; ++j) {
        const bool together =
            pieces[static_cast<size_t>(i)] == pieces[static_cast<size_t>(first) + static_cast<size_t>(j)];
        mask.at<float>(i, j) = together ? 0 : kApart;
      }
  return mask;
}

}  // namespace cv::mixmim
