/*
 * Loads runs of packed fields from gathered rows, and adds them up.
 *
 * A thread loads the run of columns that is its own: 16 bytes where fields have 4 or 8 bits. Of a row's
 * last run up to 16 bytes past the row may be read, which 64 readable bytes after the last row allow;
 * what they hold only reaches sums of columns that do not exist.
 */
#ifndef SGQ_GATHER_CUH
#define SGQ_GATHER_CUH

#include "sgq/field_sums.cuh"

/* How runs can be loaded, by the alignment of their addresses. */
enum SgqAlignment {
  SGQ_WHOLE,  // to their own size
  SGQ_WORDS,  // to 4 bytes
  SGQ_BYTES   // to none: for rows of 1, 2, 4 or 8 bytes, which hold at most two words
};

template <int WORDS>
__device__ __forceinline__ void sgq_load_run(SgqAlignment alignment, const uint8_t *run,
                                             uint32_t (&word)[WORDS]) {
  if (alignment == SGQ_BYTES) {
    const uint32_t *words = (const uint32_t *)((uintptr_t)run & ~(uintptr_t)3);
    int bit = (int)((uintptr_t)run & 3) * 8;
#pragma unroll
    for (int i = 0; i < WORDS; i++) word[i] = i < 2 ? __ldg(words + i) >> bit : 0;
  } else if (alignment == SGQ_WORDS || WORDS == 1) {
#pragma unroll
    for (int i = 0; i < WORDS; i++) word[i] = __ldg((const uint32_t *)run + i);
  } else if constexpr (WORDS == 2) {
    uint2 v = __ldg((const uint2 *)run);
    word[0] = v.x;
    word[1] = v.y;
  } else if constexpr (WORDS == 4) {
    uint4 v = __ldg((const uint4 *)run);
    word[0] = v.x;
    word[1] = v.y;
    word[2] = v.z;
    word[3] = v.w;
  }
}

/*
 * Runs that one thread gathers: those of the first BATCH of the `left` edges from col_idx on, then of the
 * first BATCH after every `step` edges.
 */
struct SgqRuns {
  const uint8_t *base;  // run of row 0
  int stride;
  SgqAlignment alignment;
  const int *col_idx;  // row of every edge
  int left;
  int step;

  __device__ __forceinline__ const uint8_t *of(int row) const {
    return base + (uint64_t)(uint32_t)row * (uint32_t)stride;
  }

  /* Whether all of the next `batch` runs exist and can be loaded whole. */
  __device__ __forceinline__ bool plain(int batch) const {
    return alignment == SGQ_WHOLE && left >= batch;
  }
};

/* row[u] = row of edge u, if the runs are plain. */
template <int BATCH>
__device__ __forceinline__ void sgq_read_rows(const SgqRuns &runs, int (&row)[BATCH]) {
  if (!runs.plain(BATCH)) return;
#pragma unroll
  for (int u = 0; u < BATCH; u++) row[u] = __ldcs(runs.col_idx + u);
}

/* batch[u] = run of edge u, or zeros past the last edge, whatever the alignment. */
template <int BATCH, int WORDS>
__device__ __forceinline__ void sgq_load_last(const SgqRuns &runs, uint32_t (&batch)[BATCH][WORDS]) {
  int row[BATCH];
#pragma unroll
  for (int u = 0; u < BATCH; u++) row[u] = __ldcs(runs.col_idx + (u < runs.left ? u : 0));
#pragma unroll
  for (int u = 0; u < BATCH; u++) {
    // Two words can be loaded in this way whatever the alignment, which takes fewer registers than to ask.
    SgqAlignment alignment = WORDS <= 2 ? SGQ_BYTES : runs.alignment;
    sgq_load_run(alignment, runs.of(row[u]), batch[u]);
#pragma unroll
    for (int i = 0; i < WORDS; i++) batch[u][i] = u < runs.left ? batch[u][i] : 0;
  }
}

/* sums += the runs. AHEAD: the edges of the next batch are read while the runs of one are on their way. */
template <int W, bool AHEAD>
__device__ __forceinline__ void sgq_gather(SgqFieldSums<W> &sums, SgqRuns runs) {
  constexpr int BATCH = SgqFieldSums<W>::BATCH;
  int row[BATCH];
  if (AHEAD) sgq_read_rows(runs, row);
#pragma unroll 1
  while (runs.left > 0) {
    uint32_t batch[BATCH][SgqFieldSums<W>::WORDS];
    if (runs.plain(BATCH)) {
      if (!AHEAD) sgq_read_rows(runs, row);
#pragma unroll
      for (int u = 0; u < BATCH; u++) sgq_load_run(SGQ_WHOLE, runs.of(row[u]), batch[u]);
    } else {
      sgq_load_last(runs, batch);
    }
    runs.col_idx += runs.step;
    runs.left -= runs.step;
    if (AHEAD) sgq_read_rows(runs, row);
    sums.add(batch);
  }
  sums.spill();
}

/* First of the ascending values[begin .. end) that is not below bound; end if there is none. */
__device__ __forceinline__ int sgq_lower_bound(const int *values, int begin, int end, int bound) {
  if (begin == end || __ldg(values + end - 1) < bound) return end;
  while (begin < end) {
    int middle = begin + (end - begin) / 2;
    if (__ldg(values + middle) < bound) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin;
}

/* The same by all threads of a warp together, for the same arguments: 32 probes at a time. */
__device__ __forceinline__ int sgq_lower_bound_by_warp(const int *values, int begin, int end, int bound) {
  while (begin < end) {
    int step = (end - begin + 31) / 32;
    int probe = begin + (int)(threadIdx.x % 32) * step;
    bool below = probe < end && __ldg(values + probe) < bound;
    int count = __popc(__ballot_sync(0xffffffffu, below));
    end = min(end, begin + count * step);
    if (count > 0) begin += (count - 1) * step + 1;
  }
  return begin;
}

#endif
