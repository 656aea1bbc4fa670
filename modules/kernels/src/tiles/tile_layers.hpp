// All loops of kernels/layers.hpp by the tiles of a TileUnit, in the order in which they need each other.
// Included once per file, inside an unnamed namespace, after vectors.hpp and the unit.

#include "layers/row_loops.hpp"

#include "layers/products.hpp"

#include "tiles/thirds.hpp"

#include "tiles/tiles.hpp"

#include "tiles/tile_loops.hpp"

#include "layers/mlp_loops.hpp"

#include "layers/layer_table.hpp"
