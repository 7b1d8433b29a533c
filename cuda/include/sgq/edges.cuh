/*
 * The walk of a thread over the edges of its row: several sources are read at once, and added in the order of
 * the edges, which is the order that the hosts add in.
 *
 * One edge after another would wait at each for its source id and then for its row, which makes hubs slow.
 */
#ifndef SGQ_EDGES_CUH
#define SGQ_EDGES_CUH

#include "sgq/device.cuh"

/*
 * add(load(e, col_idx[e])) for the edges e of [e, end) in order: AHEAD at a time, a power of two, then half
 * as many, and so on down to one. First all ids of a batch are read, then all of its rows.
 */
template <int AHEAD, typename Load, typename Add>
__device__ __forceinline__ void sgq_each_edge(const int *col_idx, int e, int end, const Load &load,
                                              const Add &add) {
#pragma unroll 1
  for (; end - e >= AHEAD; e += AHEAD) {
    int source[AHEAD];
    decltype(load(0, 0)) loaded[AHEAD];
#pragma unroll
    for (int i = 0; i < AHEAD; i++) source[i] = __ldg(col_idx + e + i);
#pragma unroll
    for (int i = 0; i < AHEAD; i++) loaded[i] = load(e + i, source[i]);
#pragma unroll
    for (int i = 0; i < AHEAD; i++) add(loaded[i]);
  }
  if constexpr (AHEAD > 1) sgq_each_edge<AHEAD / 2>(col_idx, e, end, load, add);
}

#endif
