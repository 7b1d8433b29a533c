/* Devices and contexts: one device, whose primary context and any others share its memory. */
#include <atomic>
#include <cstring>

#include "driver.h"
#include "memory.h"

namespace driver {
namespace {

constexpr char NAME[] = "sgquant emulator (CPU)";
constexpr int DRIVER_VERSION = 12060;
constexpr int LAST_ATTRIBUTE = 144;

std::atomic<bool> initialized_{false};

Handles<Context> &contexts() {
  static auto &handles = *new Handles<Context>;
  return handles;
}

struct Primary {
  std::mutex mutex;
  std::shared_ptr<Context> context;
  unsigned retained = 0;
  unsigned flags = 0;
};

Primary &primary() {
  static auto &primary = *new Primary;
  return primary;
}

/* The contexts that this thread has pushed, the last one current. */
thread_local std::vector<std::shared_ptr<Context>> stack;

void destroy(const std::shared_ptr<Context> &context) {
  contexts().remove(context.get());
  simt::DeviceMemory::get().free_all(context.get());
}

int attribute(int number) {
  constexpr int THREADS_PER_MULTIPROCESSOR = 2048, MULTIPROCESSORS = 4, REGISTERS = 65536;
  switch (number) {
    case 1: return simt::MAX_THREADS; /* MAX_THREADS_PER_BLOCK */
    case 2:
    case 3: return 1024;       /* MAX_BLOCK_DIM_X, _Y */
    case 4: return 64;         /* MAX_BLOCK_DIM_Z */
    case 5: return 2147483647; /* MAX_GRID_DIM_X */
    case 6:
    case 7: return 65535;                            /* MAX_GRID_DIM_Y, _Z */
    case 8: return simt::SharedMemory::STATIC_LIMIT; /* MAX_SHARED_MEMORY_PER_BLOCK */
    case 9: return 65536;                            /* TOTAL_CONSTANT_MEMORY */
    case 10: return simt::LANES;                     /* WARP_SIZE */
    case 11: return 2147483647;                      /* MAX_PITCH */
    case 12:
    case 82: return REGISTERS;                              /* MAX_REGISTERS_PER_BLOCK, _MULTIPROCESSOR */
    case 13: return 1000000;                                /* CLOCK_RATE, kHz */
    case 14: return 512;                                    /* TEXTURE_ALIGNMENT */
    case 16: return MULTIPROCESSORS;                        /* MULTIPROCESSOR_COUNT */
    case 19: return 1;                                      /* CAN_MAP_HOST_MEMORY */
    case 31: return 1;                                      /* CONCURRENT_KERNELS */
    case 36: return 1000000;                                /* MEMORY_CLOCK_RATE, kHz */
    case 37: return 64;                                     /* GLOBAL_MEMORY_BUS_WIDTH */
    case 38: return 1 << 20;                                /* L2_CACHE_SIZE */
    case 39: return THREADS_PER_MULTIPROCESSOR;             /* MAX_THREADS_PER_MULTIPROCESSOR */
    case 40: return 1;                                      /* ASYNC_ENGINE_COUNT */
    case 41: return 1;                                      /* UNIFIED_ADDRESSING */
    case 75: return 9;                                      /* COMPUTE_CAPABILITY_MAJOR */
    case 76: return 0;                                      /* COMPUTE_CAPABILITY_MINOR */
    case 81: return simt::SharedMemory::BLOCK_LIMIT + 1024; /* MAX_SHARED_MEMORY_PER_MULTIPROCESSOR */
    case 97: return simt::SharedMemory::BLOCK_LIMIT;        /* MAX_SHARED_MEMORY_PER_BLOCK_OPTIN */
    case 106: return 32;                                    /* MAX_BLOCKS_PER_MULTIPROCESSOR */
    case 111: return 1024;                                  /* RESERVED_SHARED_MEMORY_PER_BLOCK */
    default: return 0;
  }
}

CUresult require_device(int device) {
  if (!initialized_) return CUDA_ERROR_NOT_INITIALIZED;
  return device == 0 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
}

}  // namespace

bool initialized() {
  return initialized_;
}

std::shared_ptr<Context> current_context() {
  return stack.empty() ? nullptr : stack.back();
}

CUresult require_context(std::shared_ptr<Context> *context) {
  if (!initialized_) return CUDA_ERROR_NOT_INITIALIZED;
  *context = current_context();
  if (*context == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
  return contexts().find(context->get()) != nullptr ? CUDA_SUCCESS : CUDA_ERROR_CONTEXT_IS_DESTROYED;
}

}  // namespace driver

using namespace driver;

CUDA_FUNCTION cuInit(unsigned flags) {
  if (flags != 0) return CUDA_ERROR_INVALID_VALUE;
  simt::DeviceMemory::get();
  initialized_ = true;
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuDriverGetVersion(int *version) {
  if (version == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *version = DRIVER_VERSION;
  return CUDA_SUCCESS;
}

/* ---- the device ---- */

CUDA_FUNCTION cuDeviceGetCount(int *count) {
  if (!initialized()) return CUDA_ERROR_NOT_INITIALIZED;
  *count = 1;
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuDeviceGet(int *device, int ordinal) {
  if (CUresult error = require_device(ordinal)) return error;
  *device = 0;
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuDeviceGetName(char *name, int size, int device) {
  if (CUresult error = require_device(device)) return error;
  if (name == nullptr || size < 1) return CUDA_ERROR_INVALID_VALUE;
  snprintf(name, size, "%s", NAME);
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuDeviceGetUuid(unsigned char *uuid, int device) {
  if (CUresult error = require_device(device)) return error;
  memcpy(uuid, "sgquant-emulator", 16);
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuDeviceGetPCIBusId(char *id, int size, int device) {
  if (CUresult error = require_device(device)) return error;
  snprintf(id, size, "0000:00:00.0");
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuDeviceGetAttribute(int *value, int number, int device) {
  if (CUresult error = require_device(device)) return error;
  if (value == nullptr || number < 1 || number > LAST_ATTRIBUTE) return CUDA_ERROR_INVALID_VALUE;
  *value = attribute(number);
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuDeviceComputeCapability(int *major, int *minor, int device) {
  if (CUresult error = require_device(device)) return error;
  *major = attribute(75);
  *minor = attribute(76);
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuDeviceTotalMem_v2(size_t *bytes, int device) {
  if (CUresult error = require_device(device)) return error;
  *bytes = simt::DeviceMemory::get().total();
  return CUDA_SUCCESS;
}

/* ---- the primary context ---- */

CUDA_FUNCTION cuDevicePrimaryCtxRetain(Context **context, int device) {
  if (CUresult error = require_device(device)) return error;
  std::lock_guard lock(primary().mutex);
  if (primary().context == nullptr) {
    primary().context = std::make_shared<Context>();
    primary().context->flags = primary().flags;
    contexts().add(primary().context);
  }
  primary().retained++;
  *context = primary().context.get();
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuDevicePrimaryCtxRelease_v2(int device) {
  if (CUresult error = require_device(device)) return error;
  std::lock_guard lock(primary().mutex);
  if (primary().retained == 0) return CUDA_ERROR_INVALID_CONTEXT;
  if (--primary().retained == 0) destroy(std::exchange(primary().context, nullptr));
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuDevicePrimaryCtxReset_v2(int device) {
  if (CUresult error = require_device(device)) return error;
  std::lock_guard lock(primary().mutex);
  if (primary().context != nullptr) destroy(std::exchange(primary().context, nullptr));
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuDevicePrimaryCtxSetFlags_v2(int device, unsigned flags) {
  if (CUresult error = require_device(device)) return error;
  std::lock_guard lock(primary().mutex);
  primary().flags = flags;
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuDevicePrimaryCtxGetState(int device, unsigned *flags, int *active) {
  if (CUresult error = require_device(device)) return error;
  std::lock_guard lock(primary().mutex);
  *flags = primary().flags;
  *active = primary().context != nullptr;
  return CUDA_SUCCESS;
}

/* ---- contexts ---- */

CUDA_FUNCTION cuCtxCreate_v2(Context **context, unsigned flags, int device) {
  if (CUresult error = require_device(device)) return error;
  auto created = std::make_shared<Context>();
  created->flags = flags;
  *context = contexts().add(created);
  stack.push_back(std::move(created));
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuCtxDestroy_v2(Context *handle) {
  auto context = contexts().find(handle);
  if (context == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
  if (current_context() == context) stack.pop_back();
  destroy(context);
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuCtxSetCurrent(Context *handle) {
  if (!initialized()) return CUDA_ERROR_NOT_INITIALIZED;
  auto context = contexts().find(handle);
  if (handle != nullptr && context == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
  if (!stack.empty()) stack.pop_back();
  if (context != nullptr) stack.push_back(std::move(context));
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuCtxGetCurrent(Context **context) {
  if (!initialized()) return CUDA_ERROR_NOT_INITIALIZED;
  *context = current_context().get();
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuCtxPushCurrent_v2(Context *handle) {
  auto context = contexts().find(handle);
  if (context == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
  stack.push_back(std::move(context));
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuCtxPopCurrent_v2(Context **context) {
  if (stack.empty()) return CUDA_ERROR_INVALID_CONTEXT;
  if (context != nullptr) *context = stack.back().get();
  stack.pop_back();
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuCtxGetDevice(int *device) {
  std::shared_ptr<Context> context;
  if (CUresult error = require_context(&context)) return error;
  *device = 0;
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuCtxGetFlags(unsigned *flags) {
  std::shared_ptr<Context> context;
  if (CUresult error = require_context(&context)) return error;
  *flags = context->flags;
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuCtxGetApiVersion(Context *, unsigned *version) {
  *version = 3020;
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuCtxSynchronize() {
  std::shared_ptr<Context> context;
  if (CUresult error = require_context(&context)) return error;
  if (CUresult error = refuse_while_capturing()) return error;
  return synchronize(*context);
}
