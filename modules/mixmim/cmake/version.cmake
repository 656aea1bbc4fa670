# The version of everything in this tree.
set(MIXMIM_VERSION 0.1.0)
set(MIXMIM_PLUGIN_SUBDIR mixmim)   # plugins are in this folder beside the library
