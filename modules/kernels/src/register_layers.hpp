// All loops of kernels/layers.hpp by whole registers, in the order in which they need each other. Included
// once per file, inside an unnamed namespace, after vectors.hpp.

#include "row_loops.hpp"

#include "products.hpp"

#include "product_loops.hpp"

#include "mlp_loops.hpp"

#include "layer_table.hpp"
