/* Memory of the device and of the host, copies and fills. */
#include <cstdlib>
#include <cstring>
#include <map>

#include "driver.h"
#include "memory.h"

namespace driver {
namespace {

constexpr size_t PINNED_ALIGNMENT = 4096;
void *const LEGACY = nullptr; /* the stream of calls that take none */

std::mutex pinned_mutex;

std::map<Address, size_t> &pinned_memory() {
  static auto &memory = *new std::map<Address, size_t>;
  return memory;
}

void *pointer(Address address) {
  return reinterpret_cast<void *>(address);
}

Address address(const void *pointer) {
  return reinterpret_cast<Address>(pointer);
}

bool on_device(Address at, size_t bytes) {
  return bytes == 0 || simt::DeviceMemory::get().holds(at, bytes);
}

/* Either an address of the host, or all bytes in one allocation of the device. */
bool anywhere(Address at, size_t bytes) {
  return !simt::DeviceMemory::get().reserved(at) || on_device(at, bytes);
}

CUresult move(void *stream, bool valid, Address to, Address from, size_t bytes) {
  if (!valid) return CUDA_ERROR_INVALID_VALUE;
  return submit(stream, NodeType::copy, [=](Context &) {
    memmove(pointer(to), pointer(from), bytes);
    return CUDA_SUCCESS;
  });
}

/* A copy that returns when it is done, after all work before it. */
CUresult move_now(bool valid, Address to, Address from, size_t bytes) {
  std::shared_ptr<Context> context;
  if (CUresult error = require_context(&context)) return error;
  if (CUresult error = refuse_legacy_while_capturing(LEGACY)) return error;
  if (CUresult error = refuse_while_capturing()) return error;
  if (!valid) return CUDA_ERROR_INVALID_VALUE;
  if (CUresult error = synchronize(*context)) return error;
  memmove(pointer(to), pointer(from), bytes);
  return CUDA_SUCCESS;
}

template <class T>
CUresult set(void *stream, Address to, T value, size_t count) {
  if (to % sizeof(T) != 0 || !on_device(to, count * sizeof(T))) return CUDA_ERROR_INVALID_VALUE;
  return submit(stream, NodeType::set, [=](Context &) {
    std::fill_n(static_cast<T *>(pointer(to)), count, value);
    return CUDA_SUCCESS;
  });
}

template <class T>
CUresult set_now(Address to, T value, size_t count) {
  std::shared_ptr<Context> context;
  if (CUresult error = require_context(&context)) return error;
  if (CUresult error = refuse_legacy_while_capturing(LEGACY)) return error;
  if (CUresult error = refuse_while_capturing()) return error;
  return set(LEGACY, to, value, count);
}

}  // namespace

bool pinned(Address at) {
  std::lock_guard lock(pinned_mutex);
  auto after = pinned_memory().upper_bound(at);
  return after != pinned_memory().begin() && at - std::prev(after)->first < std::prev(after)->second;
}

}  // namespace driver

using namespace driver;

/* ---- memory of the device ---- */

CUDA_FUNCTION cuMemAlloc_v2(Address *address, size_t bytes) {
  std::shared_ptr<Context> context;
  if (CUresult error = require_context(&context)) return error;
  if (CUresult error = refuse_while_capturing()) return error;
  if (CUresult error = context->pending()) return error;
  if (address == nullptr || bytes == 0) return CUDA_ERROR_INVALID_VALUE;
  *address = simt::DeviceMemory::get().allocate(bytes, context.get());
  return *address != 0 ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}

/* Frees even where an error is pending, so that owners can clean up. */
CUDA_FUNCTION cuMemFree_v2(Address address) {
  std::shared_ptr<Context> context;
  if (CUresult error = require_context(&context)) return error;
  if (CUresult error = refuse_while_capturing()) return error;
  return address == 0 || simt::DeviceMemory::get().free(address) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUDA_FUNCTION cuMemGetInfo_v2(size_t *free, size_t *total) {
  std::shared_ptr<Context> context;
  if (CUresult error = require_context(&context)) return error;
  *total = simt::DeviceMemory::get().total();
  *free = *total - simt::DeviceMemory::get().used();
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuMemGetAddressRange_v2(Address *start, size_t *bytes, Address address) {
  uint64_t base;
  size_t size;
  if (!simt::DeviceMemory::get().find(address, &base, &size)) return CUDA_ERROR_NOT_FOUND;
  if (start != nullptr) *start = base;
  if (bytes != nullptr) *bytes = size;
  return CUDA_SUCCESS;
}

/* ---- pinned memory of the host ---- */

CUDA_FUNCTION cuMemHostAlloc(void **memory, size_t bytes, unsigned) {
  std::shared_ptr<Context> context;
  if (CUresult error = require_context(&context)) return error;
  if (CUresult error = refuse_while_capturing()) return error;
  if (memory == nullptr || bytes == 0) return CUDA_ERROR_INVALID_VALUE;
  size_t pages = (bytes + PINNED_ALIGNMENT - 1) / PINNED_ALIGNMENT * PINNED_ALIGNMENT;
  *memory = pages < bytes ? nullptr : aligned_alloc(PINNED_ALIGNMENT, pages);
  if (*memory == nullptr) return CUDA_ERROR_OUT_OF_MEMORY;
  simt::poison(*memory, bytes);
  std::lock_guard lock(pinned_mutex);
  pinned_memory()[address(*memory)] = bytes;
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuMemAllocHost_v2(void **memory, size_t bytes) {
  return cuMemHostAlloc(memory, bytes, 0);
}

CUDA_FUNCTION cuMemFreeHost(void *memory) {
  if (CUresult error = refuse_while_capturing()) return error;
  std::lock_guard lock(pinned_mutex);
  if (pinned_memory().erase(address(memory)) == 0) return CUDA_ERROR_INVALID_VALUE;
  free(memory);
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuMemHostGetDevicePointer_v2(Address *device, void *memory, unsigned) {
  if (!pinned(address(memory))) return CUDA_ERROR_INVALID_VALUE;
  *device = address(memory);
  return CUDA_SUCCESS;
}

/* ---- copies ---- */

CUDA_FUNCTION cuMemcpyHtoD_v2(Address to, const void *from, size_t bytes) {
  return move_now(on_device(to, bytes), to, address(from), bytes);
}

CUDA_FUNCTION cuMemcpyDtoH_v2(void *to, Address from, size_t bytes) {
  return move_now(on_device(from, bytes), address(to), from, bytes);
}

CUDA_FUNCTION cuMemcpyDtoD_v2(Address to, Address from, size_t bytes) {
  return move_now(on_device(to, bytes) && on_device(from, bytes), to, from, bytes);
}

CUDA_FUNCTION cuMemcpy(Address to, Address from, size_t bytes) {
  return move_now(anywhere(to, bytes) && anywhere(from, bytes), to, from, bytes);
}

CUDA_FUNCTION cuMemcpyHtoDAsync_v2(Address to, const void *from, size_t bytes, void *stream) {
  return move(stream, on_device(to, bytes), to, address(from), bytes);
}

CUDA_FUNCTION cuMemcpyDtoHAsync_v2(void *to, Address from, size_t bytes, void *stream) {
  return move(stream, on_device(from, bytes), address(to), from, bytes);
}

CUDA_FUNCTION cuMemcpyDtoDAsync_v2(Address to, Address from, size_t bytes, void *stream) {
  return move(stream, on_device(to, bytes) && on_device(from, bytes), to, from, bytes);
}

CUDA_FUNCTION cuMemcpyAsync(Address to, Address from, size_t bytes, void *stream) {
  return move(stream, anywhere(to, bytes) && anywhere(from, bytes), to, from, bytes);
}

/* ---- fills ---- */

CUDA_FUNCTION cuMemsetD8_v2(Address to, unsigned char value, size_t count) {
  return set_now(to, value, count);
}

CUDA_FUNCTION cuMemsetD16_v2(Address to, unsigned short value, size_t count) {
  return set_now(to, value, count);
}

CUDA_FUNCTION cuMemsetD32_v2(Address to, unsigned value, size_t count) {
  return set_now(to, value, count);
}

CUDA_FUNCTION cuMemsetD8Async(Address to, unsigned char value, size_t count, void *stream) {
  return set(stream, to, value, count);
}

CUDA_FUNCTION cuMemsetD16Async(Address to, unsigned short value, size_t count, void *stream) {
  return set(stream, to, value, count);
}

CUDA_FUNCTION cuMemsetD32Async(Address to, unsigned value, size_t count, void *stream) {
  return set(stream, to, value, count);
}
