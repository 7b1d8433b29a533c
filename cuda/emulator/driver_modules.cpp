/* Modules, functions and launches. Each module has the kernels of the emulator's table, whatever its image.
 */
#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstring>

#include "driver.h"
#include "memory.h"
#include "text.h"

namespace driver {

struct Function {
  const simt::Kernel *kernel;
  std::atomic<int> dynamic_limit{simt::SharedMemory::STATIC_LIMIT};
};

struct Module {
  std::mutex mutex;
  std::unordered_map<const simt::Kernel *, std::shared_ptr<Function>> functions;
};

namespace {

Handles<Module> &modules() {
  static auto &handles = *new Handles<Module>;
  return handles;
}

Handles<Function> &functions() {
  static auto &handles = *new Handles<Function>;
  return handles;
}

/* A launch with its own copy of the arguments, so that it can run later. */
struct KernelCall {
  const simt::Kernel *kernel;
  dim3 grid;
  dim3 block;
  size_t shared_bytes;
  std::unique_ptr<unsigned char[]> storage;
  std::vector<void *> arguments;
};

size_t align(size_t offset, size_t alignment) {
  return (offset + alignment - 1) / alignment * alignment;
}

constexpr size_t MOST_ALIGNMENT = 16;

/* Copies the arguments to where a kernel may read them as its types: at their natural alignment. */
template <class Source>
void copy_arguments(KernelCall &call, Source source) {
  const simt::Kernel &kernel = *call.kernel;
  size_t bytes = MOST_ALIGNMENT;
  for (size_t i = 0; i < kernel.parameter_count; i++) {
    bytes = align(bytes, kernel.parameters[i].alignment) + kernel.parameters[i].bytes;
  }
  call.storage.reset(new unsigned char[bytes]);
  auto *at =
      reinterpret_cast<unsigned char *>(align(reinterpret_cast<size_t>(call.storage.get()), MOST_ALIGNMENT));
  size_t offset = 0;
  for (size_t i = 0; i < kernel.parameter_count; i++) {
    offset = align(offset, kernel.parameters[i].alignment);
    memcpy(at + offset, source(i, offset), kernel.parameters[i].bytes);
    call.arguments.push_back(at + offset);
    offset += kernel.parameters[i].bytes;
  }
}

/* Arguments come as one pointer each, or else packed in one buffer that `extra` names. */
CUresult read_arguments(KernelCall &call, void **parameters, void **extra) {
  if (parameters != nullptr || call.kernel->parameter_count == 0) {
    if (parameters != nullptr && extra != nullptr) return CUDA_ERROR_INVALID_VALUE;
    copy_arguments(call, [&](size_t i, size_t) { return parameters[i]; });
    return CUDA_SUCCESS;
  }
  const auto END = reinterpret_cast<void *>(0), BUFFER = reinterpret_cast<void *>(1),
             SIZE = reinterpret_cast<void *>(2);
  const unsigned char *buffer = nullptr;
  size_t size = 0;
  for (void **option = extra; option != nullptr && *option != END; option += 2) {
    if (*option == BUFFER) buffer = static_cast<const unsigned char *>(option[1]);
    if (*option == SIZE) size = *static_cast<const size_t *>(option[1]);
  }
  size_t needed = 0;
  for (size_t i = 0; i < call.kernel->parameter_count; i++) {
    needed = align(needed, call.kernel->parameters[i].alignment) + call.kernel->parameters[i].bytes;
  }
  if (buffer == nullptr || size < needed) return CUDA_ERROR_INVALID_VALUE;
  copy_arguments(call, [&](size_t, size_t offset) { return buffer + offset; });
  return CUDA_SUCCESS;
}

/* A kernel could read the host's memory here, not on a device: pointers are the device's, pinned or null. */
simt::Outcome check_pointers(const KernelCall &call) {
  for (size_t i = 0; i < call.kernel->parameter_count; i++) {
    if (!call.kernel->parameters[i].pointer) continue;
    Address value;
    memcpy(&value, call.arguments[i], sizeof value);
    if (value != 0 && !simt::DeviceMemory::get().reserved(value) && !pinned(value)) {
      return {CUDA_ERROR_ILLEGAL_ADDRESS,
              simt::format("kernel %s (%s): argument %zu is 0x%llx, which is not an address of the device",
                           call.kernel->name, call.kernel->source, i, value)};
    }
  }
  return {};
}

CUresult run(const std::shared_ptr<KernelCall> &call, Context &context) {
  simt::Outcome outcome = check_pointers(*call);
  if (outcome.status == CUDA_SUCCESS) {
    simt::Launch launch{call->kernel, call->grid, call->block, call->shared_bytes, call->arguments.data()};
    outcome = simt::Engine::of_thread().run(launch);
  }
  if (outcome.status != CUDA_SUCCESS) context.failed(outcome);
  return CUDA_SUCCESS;
}

/* Whether it starts like a fat binary, a cubin or PTX; more of it the emulator does not read. */
CUresult check_image(const void *image) {
  constexpr uint32_t FAT_BINARY = 0xba55ed50, FAT_BINARY_WRAPPER = 0x466243b1, ELF = 0x464c457f;
  auto *text = static_cast<const char *>(image);
  if (isspace((unsigned char)*text) || *text == '/' || *text == '.') {
    return strstr(text, ".version") != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_PTX;
  }
  uint32_t magic = 0;
  for (int i = 0; i < 4 && (i == 0 || text[i - 1] != 0); i++)
    magic |= (uint32_t)(unsigned char)text[i] << 8 * i;
  bool known = magic == FAT_BINARY || magic == FAT_BINARY_WRAPPER || magic == ELF;
  return known ? CUDA_SUCCESS : CUDA_ERROR_INVALID_IMAGE;
}

CUresult load(Module **module, const void *image) {
  std::shared_ptr<Context> context;
  if (CUresult error = require_context(&context)) return error;
  if (CUresult error = refuse_while_capturing()) return error;
  if (module == nullptr || image == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (CUresult error = check_image(image)) return error;
  *module = modules().add(std::make_shared<Module>());
  return CUDA_SUCCESS;
}

}  // namespace
}  // namespace driver

using namespace driver;

/* ---- modules ---- */

CUDA_FUNCTION cuModuleLoadData(Module **module, const void *image) {
  return load(module, image);
}

CUDA_FUNCTION cuModuleLoadDataEx(Module **module, const void *image, unsigned, int *, void **) {
  return load(module, image);
}

CUDA_FUNCTION cuModuleLoadFatBinary(Module **module, const void *image) {
  return load(module, image);
}

CUDA_FUNCTION cuModuleUnload(Module *handle) {
  auto module = modules().remove(handle);
  if (module == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  for (auto &[kernel, function] : module->functions) functions().remove(function.get());
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuModuleGetFunction(Function **function, Module *handle, const char *name) {
  auto module = modules().find(handle);
  if (module == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (function == nullptr || name == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const simt::Kernel *kernel = simt::Kernel::find(name);
  if (kernel == nullptr) return CUDA_ERROR_NOT_FOUND;
  std::lock_guard lock(module->mutex);
  auto &known = module->functions[kernel];
  if (known == nullptr) {
    known = std::make_shared<Function>();
    known->kernel = kernel;
    functions().add(known);
  }
  *function = known.get();
  return CUDA_SUCCESS;
}

/* ---- functions ---- */

CUDA_FUNCTION cuFuncGetAttribute(int *value, int attribute, Function *handle) {
  auto function = functions().find(handle);
  if (function == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  switch (attribute) {
    case 0: *value = (int)function->kernel->block; break; /* MAX_THREADS_PER_BLOCK */
    case 5:
    case 6: *value = 90; break; /* PTX_VERSION, BINARY_VERSION */
    case 8:
      *value = function->dynamic_limit;
      break; /* MAX_DYNAMIC_SHARED_SIZE_BYTES */
    /* Static shared, constant and local bytes, registers: the emulator does not know them. */
    case 1:
    case 2:
    case 3:
    case 4:
    case 7: *value = 0; break;
    case 9: *value = -1; break; /* PREFERRED_SHARED_MEMORY_CARVEOUT */
    default: return CUDA_ERROR_INVALID_VALUE;
  }
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuFuncSetAttribute(Function *handle, int attribute, int value) {
  auto function = functions().find(handle);
  if (function == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (attribute == 9) return value >= -1 && value <= 100 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
  if (attribute != 8 || value < 0 || value > (int)simt::SharedMemory::BLOCK_LIMIT)
    return CUDA_ERROR_INVALID_VALUE;
  function->dynamic_limit = value;
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuFuncSetCacheConfig(Function *handle, int) {
  return functions().find(handle) != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

CUDA_FUNCTION cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, Function *handle, int threads,
                                                          size_t shared) {
  auto function = functions().find(handle);
  if (function == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (blocks == nullptr || threads < 1) return CUDA_ERROR_INVALID_VALUE;
  constexpr int MOST_BLOCKS = 32, MOST_THREADS = 2048, RESERVED = 1024;
  int warps = (threads + simt::LANES - 1) / simt::LANES;
  int by_threads = MOST_THREADS / (warps * simt::LANES);
  int by_shared = (int)((simt::SharedMemory::BLOCK_LIMIT + RESERVED) / (shared + RESERVED));
  bool launches = threads <= (int)function->kernel->block && shared <= (size_t)function->dynamic_limit;
  *blocks = launches ? std::min({MOST_BLOCKS, by_threads, by_shared}) : 0;
  return CUDA_SUCCESS;
}

/* ---- launches ---- */

CUDA_FUNCTION cuLaunchKernel(Function *handle, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                             unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes,
                             void *stream, void **parameters, void **extra) {
  std::shared_ptr<Context> context;
  if (CUresult error = require_context(&context)) return error;
  auto function = functions().find(handle);
  if (function == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  bool grid = grid_x >= 1 && grid_x <= 2147483647u && grid_y >= 1 && grid_y <= 65535 && grid_z >= 1 &&
              grid_z <= 65535;
  bool block = block_x >= 1 && block_x <= 1024 && block_y >= 1 && block_y <= 1024 && block_z >= 1 &&
               block_z <= 64 && block_x * block_y * block_z <= function->kernel->block;
  if (!grid || !block || shared_bytes > (unsigned)function->dynamic_limit) return CUDA_ERROR_INVALID_VALUE;
  auto call = std::make_shared<KernelCall>(KernelCall{
      function->kernel, {grid_x, grid_y, grid_z}, {block_x, block_y, block_z}, shared_bytes, {}, {}});
  if (CUresult error = read_arguments(*call, parameters, extra)) return error;
  return submit(stream, NodeType::kernel, [call](Context &context) { return run(call, context); });
}
