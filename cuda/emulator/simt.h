/*
 * Runs CUDA kernels on a CPU from their own source: a fiber for every CUDA thread that has to wait, one block
 * at a time.
 *
 * It shows: results, in three orders of threads, warps and blocks (forward, reverse, seeded), over memory
 * that is poisoned before use, so that a dropped barrier or an unwritten value changes a result in one of
 * them; collectives that not every lane of the mask reaches, or not at the same call; barriers that never
 * complete; accesses outside of allocations and of shared arrays; misaligned accesses; host addresses passed
 * to a kernel; shifts by more than the width and casts of floats to integers that cannot hold them, where CPU
 * and GPU differ.
 *
 * It cannot show: performance; races that only the memory model of a GPU allows (here one thread runs at a
 * time and every store is seen at once), or that need a switch between two waits; limits of registers and
 * local memory; results of approximate instructions; kernels that spin on memory, which never end here; reads
 * of the up to 255 bytes between an allocation's end and the next page (build --sanitize tells those too).
 *
 * Errors come as on a device: a launch that fails returns success, and the calls after it return its error.
 * Unlike on a device the error is gone once a synchronizing call (synchronize, copy to the host) has returned
 * it, so that one process can test many failures. What happened is one sentence on stderr and in
 * sgq_emulator_report().
 *
 * SGQUANT_EMULATOR_ORDER = forward | reverse | seed:N; by default every launch takes the next of the three.
 */
#ifndef SGQ_SIMT_H
#define SGQ_SIMT_H

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <source_location>
#include <type_traits>
#include <utility>

#define __global__
#define __device__
#define __host__
#define __constant__ static
#define __launch_bounds__(...)
#define __forceinline__ inline __attribute__((always_inline))

struct uint3 {
  unsigned x, y, z;
};

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

constexpr int warpSize = 32;

namespace simt {

using Where = std::source_location;

struct Block;
struct Fiber;

struct Thread {
  uint3 index;
  unsigned lane;
  unsigned warp;
  Block *block;
  Fiber *fiber;     /* null until the thread starts, and after it ended */
  const char *what; /* the collective it waits at, and where that is called */
  Where where;
  unsigned mask;
  int source;     /* the lane that a shuffle reads */
  uint64_t value; /* what the lane gave; once all are there, what it gets */
};

/* What kernels see of the block they run in. */
struct Block {
  uint3 index;
  dim3 block_dim;
  dim3 grid_dim;
};

/* The running CUDA thread; null outside of kernels. A fiber never leaves its OS thread. */
extern constinit thread_local Thread *self __attribute__((tls_model("initial-exec")));

/* A shared array as the source declares it; its address stands for it. */
struct SharedArray {
  const char *name;
  size_t bytes;
  size_t alignment;
};

/* The block's copy of the array; poisoned by the first thread that asks. */
void *shared_array(const SharedArray &array);
void *dynamic_shared_memory(const char *name);

/* Waits until all lanes of mask are here; each gets the value of its source lane. */
uint64_t shuffle(unsigned mask, uint64_t value, int source, const char *what, Where where);
/* Waits until all lanes of mask are here; each gets the lanes whose predicate holds. */
unsigned ballot(unsigned mask, bool predicate, const char *what, Where where);
void warp_barrier(unsigned mask, const char *what, Where where);
void block_barrier(const char *what, Where where);

/* End the launch with an error. */
[[noreturn]] void misaligned(const void *address, size_t alignment, const char *file, unsigned line);
[[noreturn]] void trap(Where where);

template <class T>
inline T *aligned(T *address, Where where) {
  if ((uintptr_t)address % alignof(T) != 0) [[unlikely]] {
    misaligned(address, alignof(T), where.file_name(), where.line());
  }
  return address;
}

template <class T>
inline T shuffle_value(unsigned mask, T value, int source, const char *what, Where where) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 8, "a shuffle moves at most 8 bytes");
  uint64_t bits = 0;
  memcpy(&bits, &value, sizeof(T));
  bits = shuffle(mask, bits, source, what, where);
  memcpy(&value, &bits, sizeof(T));
  return value;
}

/* A parameter of a kernel, as a launch copies it. */
struct Parameter {
  size_t bytes;
  size_t alignment;
  bool pointer;
};

/* A kernel of the table; defining one enters it. */
struct Kernel {
  const char *name;
  const char *source;
  unsigned block; /* threads per block that it is compiled for */
  void (*call)(void **arguments);
  const Parameter *parameters;
  size_t parameter_count;
  const Kernel *next;

  Kernel(const char *name, const char *source, unsigned block, void (*call)(void **),
         const Parameter *parameters, size_t parameter_count);
  static const Kernel *first();
  static const Kernel *find(const char *name);
};

template <auto function, class Type = decltype(function)>
struct Signature;

template <auto function, class... Arguments>
struct Signature<function, void (*)(Arguments...)> {
  static constexpr Parameter parameters[sizeof...(Arguments) + 1] = {
      {sizeof(Arguments), alignof(Arguments), std::is_pointer_v<Arguments>}..., {0, 1, false}};
  static constexpr size_t count = sizeof...(Arguments);

  static void call(void **arguments) { call(arguments, std::index_sequence_for<Arguments...>{}); }

  template <size_t... index>
  static void call([[maybe_unused]] void **arguments, std::index_sequence<index...>) {
    function(*static_cast<std::remove_cv_t<Arguments> *>(arguments[index])...);
  }
};

}  // namespace simt

#define threadIdx (simt::self->index)
#define blockIdx (simt::self->block->index)
#define blockDim (simt::self->block->block_dim)
#define gridDim (simt::self->block->grid_dim)

#define SGQ_SHARED(T, name, count)                                                                \
  static constexpr simt::SharedArray name##_shared_array{#name, sizeof(T) * (count), alignof(T)}; \
  T *const name = static_cast<T *>(simt::shared_array(name##_shared_array))

#define SGQ_DYNAMIC_SHARED(T, name) T *const name = static_cast<T *>(simt::dynamic_shared_memory(#name))

/* Enters a kernel into the table; the build writes one for each line of kernels.list. */
#define SGQ_EMULATED_KERNEL(name, source, block)                                              \
  static const simt::Kernel name##_kernel(#name, source, block, simt::Signature<&name>::call, \
                                          simt::Signature<&name>::parameters,                 \
                                          simt::Signature<&name>::count);

#include "device_functions.h"

#endif
