// The kernels by the names under which they are launched, for the types that a program is compiled for:
// MIXMIM_STORED is float or Bfloat16. Only NVRTC reads this file; it finds the others by their names.
#include "cuda/kernels/convolution.hpp"
#include "cuda/kernels/gelu.hpp"
#include "cuda/kernels/normalise.hpp"
#include "cuda/kernels/pixels.hpp"

using namespace cv::mixmim::gpu;
using Real = float;
using Stored = MIXMIM_STORED;

extern "C" {

__global__ void __launch_bounds__(512) mixmimAddAndNormalise(NormRows<Real, Stored> a) {
  addAndNormalise(a);
}
__global__ void __launch_bounds__(512) mixmimNormaliseBackward(NormGradient<Real, Stored> a) {
  normaliseBackward(a);
}
__global__ void __launch_bounds__(512) mixmimSumParts(PartSums<Real> a) {
  sumParts(a);
}
__global__ void __launch_bounds__(256) mixmimSumColumns(ColumnSums<Real, Stored> a) {
  sumColumns(a);
}
__global__ void __launch_bounds__(256) mixmimGelu(Gelu<Stored> a) {
  gelu<Real>(a);
}
__global__ void __launch_bounds__(256) mixmimGeluBackward(GeluGradient<Real, Stored> a) {
  geluBackward(a);
}
__global__ void __launch_bounds__(256) mixmimDepthwise(Depthwise<Real, Stored> a) {
  depthwise(a);
}
__global__ void __launch_bounds__(256) mixmimDepthwiseSums(DepthwiseSums<Real, Stored> a) {
  depthwiseSums(a);
}
__global__ void __launch_bounds__(256) mixmimPatchRows(PatchRows<Stored> a) {
  patchRows<Real>(a);
}
__global__ void __launch_bounds__(256) mixmimReconstructionLoss(ReconstructionLoss<Real, Stored> a) {
  reconstructionLoss(a);
}

}  // extern "C"
