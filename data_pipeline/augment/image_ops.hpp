// The pixel operations of RandAugment with Pillow's bytes. Names and rules: PIL.ImageOps, PIL.ImageEnhance,
// Image.transform and Image.rotate; every rounding is theirs.
#pragma once

#include <opencv2/core.hpp>

namespace cv::mixmim::ops {

// All work in place on an 8-bit RGB image of any size. `scratch` is memory that a caller keeps from image to
// image.

void autoContrast(cv::Mat& image);                               ///< each channel stretched to 0..255
void equalize(cv::Mat& image);                                   ///< each channel's histogram flattened
void invert(cv::Mat& image);                                     ///< 255 - value
void posterize(cv::Mat& image, int bits);                        ///< keeps the upper `bits`, 0 (black) to 8
void solarize(cv::Mat& image, int threshold);                    ///< inverts values >= threshold, 0..256
void solarizeAdd(cv::Mat& image, int amount);                    ///< adds to values below 128; amount 0..128
void brightness(cv::Mat& image, float factor);                   ///< 0 = black, 1 = unchanged
void contrast(cv::Mat& image, float factor);                     ///< 0 = the mean grey, 1 = unchanged
void colour(cv::Mat& image, float factor, cv::Mat& scratch);     ///< 0 = grey picture, 1 = unchanged
void sharpness(cv::Mat& image, float factor, cv::Mat& scratch);  ///< 0 = smoothed, 1 = unchanged

/// The colour outside the image after a geometric operation: ImageNet's mean, rounded.
inline const cv::Vec3b kFill{124, 116, 104};

/// Every pixel (x, y) becomes the one at (a (x + .5) + b (y + .5) + c, d (x + .5) + e (y + .5) + f), bicubic
/// (a = -1, no antialiasing, edge replicated); kFill outside.
void affine(cv::Mat& image, const cv::Matx23d& matrix, cv::Mat& scratch);

/// Counter-clockwise about the centre, by any number of degrees.
void rotate(cv::Mat& image, double degrees, cv::Mat& scratch);

}  // namespace cv::mixmim::ops
