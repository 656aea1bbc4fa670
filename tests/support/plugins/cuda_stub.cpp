// A driver of NVIDIA's and a LibTorch for CUDA without a GPU: what a machine may answer, as environment
// variables say, and a line in a file when LibTorch's part is loaded.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#define EXPORTED extern "C" __attribute__((visibility("default")))

#ifdef MIXMIM_STUB_TORCH

__attribute__((constructor)) static void loaded() {
  const char* path = std::getenv("STUB_LOG");
  std::FILE* file = path ? std::fopen(path, "a") : nullptr;
  if (!file) return;
  std::fputs("libtorch_cuda.so\n", file);
  std::fclose(file);
}

EXPORTED int cudaRuntimeGetVersion(int* version) {
  *version = 13000;
  return 0;
}

#else

static int numberOf(const char* variable, int otherwise) {
  const char* text = std::getenv(variable);
  return text ? std::atoi(text) : otherwise;
}

EXPORTED int cuInit(unsigned) {
  return numberOf("STUB_INIT", 0);
}
EXPORTED int cuDriverGetVersion(int* version) {
  *version = numberOf("STUB_VERSION", 13010);
  return 0;
}
EXPORTED int cuDeviceGetCount(int* count) {
  *count = numberOf("STUB_GPUS", 2);
  return 0;
}
EXPORTED int cuDeviceGet(int* device, int ordinal) {
  *device = ordinal;
  return 0;
}
EXPORTED int cuDeviceGetName(char* name, int capacity, int device) {
  std::snprintf(name, static_cast<size_t>(capacity), "Stub %d", device);
  return 0;
}
EXPORTED int cuDeviceGetUuid(unsigned char* bytes, int device) {
  std::memset(bytes, 0xA0 + device, 16);
  return 0;
}

#endif
