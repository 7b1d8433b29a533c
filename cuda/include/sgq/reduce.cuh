/* Sums over the threads of a block in an order that depends on nothing but the block's size. */
#ifndef SGQ_REDUCE_CUH
#define SGQ_REDUCE_CUH

#include "sgq/device.cuh"

/*
 * Folds one value per thread into the value of thread 0: GROUPS threads fold every GROUPS-th value each,
 * ascending, then thread 0 folds theirs. `values` holds the block's values in shared memory; the result is
 * values[0], for thread 0 only. Called by all threads of the block; two barriers.
 */
template <int THREADS, int GROUPS, typename T, typename Fold>
__device__ __forceinline__ void sgq_fold_block(T *values, Fold fold) {
  static_assert(THREADS % GROUPS == 0 && GROUPS <= THREADS, "whole groups");
  __syncthreads();
  if (threadIdx.x < GROUPS) {
    T total = values[threadIdx.x];
    for (int i = threadIdx.x + GROUPS; i < THREADS; i += GROUPS) total = fold(total, values[i]);
    values[threadIdx.x] = total;
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    T total = values[0];
    for (int i = 1; i < GROUPS; i++) total = fold(total, values[i]);
    values[0] = total;
  }
}

#endif
