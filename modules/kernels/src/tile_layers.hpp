// All loops of kernels/layers.hpp by the tiles of a TileUnit, in the order in which they need each other.
// Included once per file, inside an unnamed namespace, after vectors.hpp and the unit.

#include "row_loops.hpp"

#include "products.hpp"

#include "thirds.hpp"

#include "tiles.hpp"

#include "tile_loops.hpp"

#include "mlp_loops.hpp"

#include "layer_table.hpp"
