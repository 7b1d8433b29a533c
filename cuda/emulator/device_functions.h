/* The built-in vector types and functions of CUDA C++ that the emulator offers; included by simt.h. */
#ifndef SGQ_DEVICE_FUNCTIONS_H
#define SGQ_DEVICE_FUNCTIONS_H

#include <atomic>
#include <bit>
#include <limits>
#include <math.h>

/* ---- vector types ---- */

#define SGQ_VECTOR_TYPES(T, name)                            \
  struct alignas(2 * sizeof(T)) name##2 { T x, y; };         \
  struct alignas(4 * sizeof(T)) name##4 { T x, y, z, w; };   \
  inline name##2 make_##name##2(T x, T y) { return {x, y}; } \
  inline name##4 make_##name##4(T x, T y, T z, T w) { return {x, y, z, w}; }

SGQ_VECTOR_TYPES(signed char, char)
SGQ_VECTOR_TYPES(unsigned char, uchar)
SGQ_VECTOR_TYPES(short, short)
SGQ_VECTOR_TYPES(unsigned short, ushort)
SGQ_VECTOR_TYPES(int, int)
SGQ_VECTOR_TYPES(unsigned, uint)
SGQ_VECTOR_TYPES(float, float)
#undef SGQ_VECTOR_TYPES

struct alignas(16) double2 {
  double x, y;
};
struct alignas(16) longlong2 {
  long long x, y;
};
struct alignas(16) ulonglong2 {
  unsigned long long x, y;
};
inline double2 make_double2(double x, double y) { return {x, y}; }
inline longlong2 make_longlong2(long long x, long long y) { return {x, y}; }
inline ulonglong2 make_ulonglong2(unsigned long long x, unsigned long long y) { return {x, y}; }

/* ---- barriers and collectives; the last parameter is where they are called ---- */

inline void __syncthreads(simt::Where where = simt::Where::current()) {
  simt::block_barrier("__syncthreads", where);
}

inline void __syncwarp(unsigned mask = ~0u, simt::Where where = simt::Where::current()) {
  simt::warp_barrier(mask, "__syncwarp", where);
}

template <class T>
inline T __shfl_sync(unsigned mask, T value, int lane, int width = 32,
                     simt::Where where = simt::Where::current()) {
  int segment = (int)simt::self->lane & ~(width - 1);
  return simt::shuffle_value(mask, value, segment | (lane & (width - 1)), "__shfl_sync", where);
}

template <class T>
inline T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32,
                        simt::Where where = simt::Where::current()) {
  int lane = (int)simt::self->lane;
  int source = (lane & (width - 1)) >= (int)delta ? lane - (int)delta : lane;
  return simt::shuffle_value(mask, value, source, "__shfl_up_sync", where);
}

template <class T>
inline T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32,
                          simt::Where where = simt::Where::current()) {
  int lane = (int)simt::self->lane;
  int source = (lane & (width - 1)) + (int)delta < width ? lane + (int)delta : lane;
  return simt::shuffle_value(mask, value, source, "__shfl_down_sync", where);
}

template <class T>
inline T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32,
                         simt::Where where = simt::Where::current()) {
  int lane = (int)simt::self->lane;
  int source = lane ^ lanes;
  /* Lanes may read an earlier segment of the warp, not a later one. */
  if (source / width > lane / width) source = lane;
  return simt::shuffle_value(mask, value, source, "__shfl_xor_sync", where);
}

inline unsigned __ballot_sync(unsigned mask, int predicate, simt::Where where = simt::Where::current()) {
  return simt::ballot(mask, predicate != 0, "__ballot_sync", where);
}

inline int __any_sync(unsigned mask, int predicate, simt::Where where = simt::Where::current()) {
  return simt::ballot(mask, predicate != 0, "__any_sync", where) != 0;
}

inline int __all_sync(unsigned mask, int predicate, simt::Where where = simt::Where::current()) {
  return simt::ballot(mask, predicate != 0, "__all_sync", where) == mask;
}

inline void __threadfence() {}
inline void __threadfence_block() {}
[[noreturn]] inline void __trap(simt::Where where = simt::Where::current()) { simt::trap(where); }

/* ---- loads and stores with a cache hint; unlike plain ones they name their caller when misaligned ---- */

#define SGQ_LOAD(name)                                                          \
  template <class T>                                                            \
  inline T name(const T *address, simt::Where where = simt::Where::current()) { \
    return *simt::aligned(address, where);                                      \
  }
#define SGQ_STORE(name)                                                                                     \
  template <class T>                                                                                        \
  inline void name(T *address, std::type_identity_t<T> value, simt::Where where = simt::Where::current()) { \
    *simt::aligned(address, where) = value;                                                                 \
  }

SGQ_LOAD(__ldg)
SGQ_LOAD(__ldca)
SGQ_LOAD(__ldcg)
SGQ_LOAD(__ldcs)
SGQ_LOAD(__ldlu)
SGQ_STORE(__stcg)
SGQ_STORE(__stcs)
SGQ_STORE(__stwt)
#undef SGQ_LOAD
#undef SGQ_STORE

/* ---- atomics: other host threads may run kernels on the same memory ---- */

namespace simt {

template <class T, class Update>
inline T atomic_update(T *address, Where where, Update update) {
  std::atomic_ref<T> word(*aligned(address, where));
  T old = word.load(std::memory_order_relaxed);
  while (!word.compare_exchange_weak(old, update(old), std::memory_order_relaxed)) {
  }
  return old;
}

}  // namespace simt

#define SGQ_ATOMIC(name, T, expression)                                                \
  inline T name(T *address, T value, simt::Where where = simt::Where::current()) {     \
    return simt::atomic_update(address, where, [value](T old) { return expression; }); \
  }
#define SGQ_ATOMICS(T)                                                                               \
  SGQ_ATOMIC(atomicAdd, T, (T)((std::make_unsigned_t<T>)old + (std::make_unsigned_t<T>)value))       \
  SGQ_ATOMIC(atomicMin, T, old < value ? old : value)                                                \
  SGQ_ATOMIC(atomicMax, T, old > value ? old : value)                                                \
  SGQ_ATOMIC(atomicAnd, T, (old & value))                                                            \
  SGQ_ATOMIC(atomicOr, T, old | value)                                                               \
  SGQ_ATOMIC(atomicXor, T, old ^ value)                                                              \
  SGQ_ATOMIC(atomicExch, T, ((void)old, value))                                                      \
  inline T atomicCAS(T *address, T compare, T value, simt::Where where = simt::Where::current()) {   \
    return simt::atomic_update(address, where, [=](T old) { return old == compare ? value : old; }); \
  }

SGQ_ATOMICS(int)
SGQ_ATOMICS(unsigned)
SGQ_ATOMICS(unsigned long long)
SGQ_ATOMIC(atomicAdd, float, old + value)
SGQ_ATOMIC(atomicAdd, double, old + value)
SGQ_ATOMIC(atomicExch, float, ((void)old, value))
SGQ_ATOMIC(atomicSub, int, (int)((unsigned)old - (unsigned)value))
SGQ_ATOMIC(atomicSub, unsigned, old - value)
#undef SGQ_ATOMICS
#undef SGQ_ATOMIC

/* ---- integers ---- */

inline int __popc(unsigned x) { return std::popcount(x); }
inline int __popcll(unsigned long long x) { return std::popcount(x); }
inline int __clz(int x) { return std::countl_zero((unsigned)x); }
inline int __clzll(long long x) { return std::countl_zero((unsigned long long)x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }

inline unsigned __brev(unsigned x) {
  x = (x >> 1 & 0x55555555u) | (x & 0x55555555u) << 1;
  x = (x >> 2 & 0x33333333u) | (x & 0x33333333u) << 2;
  x = (x >> 4 & 0x0f0f0f0fu) | (x & 0x0f0f0f0fu) << 4;
  return __builtin_bswap32(x);
}

/* Byte i of the result is byte (selector >> 4 i) & 7 of y:x. */
inline unsigned __byte_perm(unsigned x, unsigned y, unsigned selector) {
  uint64_t bytes = (uint64_t)y << 32 | x;
  unsigned result = 0;
  for (int i = 0; i < 4; i++) {
    result |= (unsigned)(bytes >> 8 * (selector >> 4 * i & 7) & 0xff) << 8 * i;
  }
  return result;
}

inline int __dp4a(int a, int b, int c) {
  unsigned sum = (unsigned)c;
  for (int i = 0; i < 32; i += 8) sum += (unsigned)((int8_t)(a >> i) * (int8_t)(b >> i));
  return (int)sum;
}

inline unsigned __dp4a(unsigned a, unsigned b, unsigned c) {
  for (int i = 0; i < 32; i += 8) c += (a >> i & 0xff) * (b >> i & 0xff);
  return c;
}

inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)((uint64_t)a * b >> 32); }
inline int __mulhi(int a, int b) { return (int)((int64_t)a * b >> 32); }
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  return (unsigned long long)((unsigned __int128)a * b >> 64);
}

/* The upper 32 bits of high:low << (shift & 31), and the lower 32 of high:low >> (shift & 31). */
inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned shift) {
  return (unsigned)(((uint64_t)high << 32 | low) << (shift & 31) >> 32);
}
inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned shift) {
  return (unsigned)(((uint64_t)high << 32 | low) >> (shift & 31));
}

/* ---- floats ---- */

inline float __int_as_float(int x) { return std::bit_cast<float>(x); }
inline float __uint_as_float(unsigned x) { return std::bit_cast<float>(x); }
inline int __float_as_int(float x) { return std::bit_cast<int>(x); }
inline unsigned __float_as_uint(float x) { return std::bit_cast<unsigned>(x); }
inline double __longlong_as_double(long long x) { return std::bit_cast<double>(x); }
inline long long __double_as_longlong(double x) { return std::bit_cast<long long>(x); }

inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
inline float __fsqrt_rn(float a) { return sqrtf(a); }
inline float __frcp_rn(float a) { return 1.0f / a; }
inline float __saturatef(float x) { return x > 0 ? x < 1 ? x : 1.0f : 0.0f; }

inline float __int2float_rn(int x) { return (float)x; }
inline float __uint2float_rn(unsigned x) { return (float)x; }
inline float __ll2float_rn(long long x) { return (float)x; }
inline float __ull2float_rn(unsigned long long x) { return (float)x; }
inline float __double2float_rn(double x) { return (float)x; }

namespace simt {

/* As a GPU converts: saturated, NaN to 0. */
template <class T>
inline T saturated(double x) {
  if (x != x) return 0;
  if (x <= (double)std::numeric_limits<T>::min()) return std::numeric_limits<T>::min();
  if (x >= (double)std::numeric_limits<T>::max()) return std::numeric_limits<T>::max();
  return (T)x;
}

}  // namespace simt

inline int __float2int_rn(float x) { return simt::saturated<int>(rint((double)x)); }
inline int __float2int_rz(float x) { return simt::saturated<int>(trunc((double)x)); }
inline int __float2int_rd(float x) { return simt::saturated<int>(floor((double)x)); }
inline unsigned __float2uint_rn(float x) { return simt::saturated<unsigned>(rint((double)x)); }
inline unsigned __float2uint_rz(float x) { return simt::saturated<unsigned>(trunc((double)x)); }
inline long long __float2ll_rn(float x) { return simt::saturated<long long>(rint((double)x)); }
inline int __double2int_rn(double x) { return simt::saturated<int>(rint(x)); }

/* ---- min and max: of floats the number where one is NaN, of mixed integers as CUDA mixes them ---- */

#define SGQ_MIN_MAX(A, B, T)                                   \
  inline T min(A a, B b) { return (T)a < (T)b ? (T)a : (T)b; } \
  inline T max(A a, B b) { return (T)a > (T)b ? (T)a : (T)b; }

SGQ_MIN_MAX(int, int, int)
SGQ_MIN_MAX(unsigned, unsigned, unsigned)
SGQ_MIN_MAX(int, unsigned, unsigned)
SGQ_MIN_MAX(unsigned, int, unsigned)
SGQ_MIN_MAX(long, long, long)
SGQ_MIN_MAX(unsigned long, unsigned long, unsigned long)
SGQ_MIN_MAX(long long, long long, long long)
SGQ_MIN_MAX(unsigned long long, unsigned long long, unsigned long long)
#undef SGQ_MIN_MAX

inline float min(float a, float b) { return fminf(a, b); }
inline float max(float a, float b) { return fmaxf(a, b); }
inline double min(double a, double b) { return fmin(a, b); }
inline double max(double a, double b) { return fmax(a, b); }

#endif
