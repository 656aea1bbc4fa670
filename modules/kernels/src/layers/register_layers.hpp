// All loops of kernels/layers.hpp by whole registers, in the order in which they need each other. Included
// once per file, inside an unnamed namespace, after vectors.hpp.

#include "layers/row_loops.hpp"

#include "layers/products.hpp"

#include "layers/product_loops.hpp"

#include "layers/mlp_loops.hpp"

#include "layers/layer_table.hpp"
