/*
 * What every kernel includes first: one name for shared memory under nvcc and under the SIMT emulator.
 *
 *   SGQ_SHARED(float, tile, 256);       an array of 256 floats per block; tile is a float *
 *   SGQ_DYNAMIC_SHARED(float, buffer);  the launch's dynamic shared memory; at most one per kernel
 *
 * Both stand in the body of a kernel or device function, before any branch. Their contents are undefined
 * until written: the emulator poisons them, and guards their ends. Keep to what simt.h and device_functions.h
 * offer: that is all the emulator runs.
 */
#ifndef SGQ_DEVICE_CUH
#define SGQ_DEVICE_CUH

#include <stdint.h>

#ifdef __CUDACC__

#define SGQ_SHARED(T, name, count) __shared__ T name[count]

/* One untyped extern array: kernels of one file may give it different types. */
extern __shared__ __align__(16) unsigned char sgq_dynamic_shared_memory[];
#define SGQ_DYNAMIC_SHARED(T, name) T *name = reinterpret_cast<T *>(sgq_dynamic_shared_memory)

/* x, of which the compiler forgets that it knows it: what is computed of it stays where it is written, in a loop too. */
__device__ __forceinline__ int sgq_opaque(int x) {
  asm volatile("" : "+r"(x));
  return x;
}

#else

#include "simt.h"

inline int sgq_opaque(int x) {
  return x;
}

#endif

#endif
