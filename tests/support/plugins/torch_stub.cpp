// Stands for LibTorch when the plugin without_libtorch is linked, and is not found when it is loaded.
extern "C" __attribute__((visibility("default"))) int torchStub();

int torchStub() {
  return 1;
}
