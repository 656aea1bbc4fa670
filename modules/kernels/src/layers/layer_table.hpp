// Included once per file, inside an unnamed namespace, after all loops of kernels/layers.hpp.

constexpr LayerKernels layersOf(const char* name,
                                void (*multiplied)(const RowProduct& product, KernelScratch& scratch)) {
  return {name,       norm,           normBackward,    gelu,          geluBackward, sizeOfRows,
          packRows,   weightGradient, sizeOfRightSide, packRightSide, multiplied,   mlp,
          mlpBackward};
}
