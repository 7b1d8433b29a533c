/*
 * Sums of packed fields that are never unpacked.
 *
 * A word of fields of W bits is split into its even and its odd fields, each in a lane of 2 W bits. A
 * lane holds the sum of 2^W + 1 fields, as (2^W + 1) (2^W - 1) = 2^(2 W) - 1:
 *
 *   bits of a field          1   2   4    8
 *   bits of its lane         2   4   8   16
 *   additions that fit       3   5  17  257
 *
 * Then the sums are fields of 2 W bits themselves and are split again, until they stand in lanes of 16
 * bits.
 */
#ifndef SGQ_FIELD_SUMS_CUH
#define SGQ_FIELD_SUMS_CUH

#include "sgq/device.cuh"

/* The lowest W bits of every lane of 2 W bits. */
template <int W>
__device__ __forceinline__ constexpr uint32_t sgq_even_fields() {
  return ~0u / ((1u << W) + 1);
}

/* The other fields, moved down to where those are. */
template <int W>
__device__ __forceinline__ uint32_t sgq_odd_fields(uint32_t word) {
  return W == 8 ? __byte_perm(word, 0, 0x4341) : word >> W & sgq_even_fields<W>();
}

/*
 * Adds the fields of W bits of words[e], for every e, to lanes of LANE bits: words i of all e go to the
 * lanes from i * LANE / W on, at every split the even fields before the odd ones.
 */
template <int W, int LANE, int EDGES, int N>
__device__ __forceinline__ void sgq_add_fields(const uint32_t (&words)[EDGES][N],
                                               uint32_t (&lanes)[N * LANE / W]) {
  constexpr uint32_t even = sgq_even_fields<W>();
  if constexpr (2 * W == LANE) {
#pragma unroll
    for (int e = 0; e < EDGES; e++) {
#pragma unroll
      for (int i = 0; i < N; i++) {
        lanes[2 * i] += words[e][i] & even;
        lanes[2 * i + 1] += sgq_odd_fields<W>(words[e][i]);
      }
    }
  } else {
    constexpr int FIT = (1 << W) + 1;
    constexpr int GROUPS = (EDGES + FIT - 1) / FIT;
    uint32_t wider[GROUPS][2 * N] = {};
#pragma unroll
    for (int e = 0; e < EDGES; e++) {
#pragma unroll
      for (int i = 0; i < N; i++) {
        wider[e / FIT][2 * i] += words[e][i] & even;
        wider[e / FIT][2 * i + 1] += sgq_odd_fields<W>(words[e][i]);
      }
    }
    sgq_add_fields<2 * W, LANE>(wider, lanes);
  }
}

/* Edges that one warp may sum before its sums are taken away: so many codes of 4 bits fit 16 bits. */
#define SGQ_MAX_EDGES 4096

/* Columns of one thread for fields of `width` bits. */
__device__ __forceinline__ constexpr int sgq_run_columns(int width) {
  return width == 8 ? 16 : 32;
}

/* Quads of a thread in shared memory: 16 words, and 4 that keep threads in different banks. */
#define SGQ_STAGE_QUADS 5

/*
 * Sums of the fields of W bits of a run of columns: one thread's share of at most SGQ_MAX_EDGES rows.
 * Rows are added to lanes of 8 or 16 bits in registers and those, before they overflow, to 16 words in
 * shared memory: pairs of 16 bits, or for W = 8 a word per column.
 */
template <int W>
struct SgqFieldSums {
  static constexpr int RUN = sgq_run_columns(W);
  static constexpr int WORDS = RUN * W / 32;
  /* Rows added at a time, which 64 registers hold; 5 and 6 fill lanes of 4 and of 2 bits. */
  static constexpr int BATCH = W >= 4 ? 4 : W == 2 ? 5 : 6;
  /* Bits of a lane in registers, and batches that do not overflow it. */
  static constexpr int LANE = W == 8 ? 16 : 8;
  static constexpr int FIT = ((1 << LANE) - 1) / ((1 << W) - 1) / BATCH;
  /* Splits from W bits to 16. */
  static constexpr int SPLITS = W == 8 ? 1 : W == 4 ? 2 : W == 2 ? 3 : 4;

  uint32_t lanes[8];
  int batches;
  uint4 *stage;  // of this thread

  __device__ __forceinline__ explicit SgqFieldSums(uint4 *stage) : batches(0), stage(stage) {
#pragma unroll
    for (int i = 0; i < 8; i++) lanes[i] = 0;
#pragma unroll
    for (int i = 0; i < 4; i++) stage[i] = make_uint4(0, 0, 0, 0);
  }

  __device__ __forceinline__ void add(const uint32_t (&rows)[BATCH][WORDS]) {
    sgq_add_fields<W, LANE>(rows, lanes);
    if (++batches == FIT) spill();
  }

  /* Moves the sums in registers to shared memory. */
  __device__ __forceinline__ void spill() {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      uint4 v = stage[i];
      stage[i] = make_uint4(v.x + wide(4 * i), v.y + wide(4 * i + 1), v.z + wide(4 * i + 2),
                            v.w + wide(4 * i + 3));
    }
#pragma unroll
    for (int i = 0; i < 8; i++) lanes[i] = 0;
    batches = 0;
  }

 private:
  /* What word i of the stage takes from the registers; i is known when compiling. */
  __device__ __forceinline__ uint32_t wide(int i) const {
    if constexpr (W == 8) {
      // Lanes of 16 bits: columns 4 k and 4 k + 2 in word 2 k, columns 4 k + 1 and 4 k + 3 in word 2 k + 1.
      uint32_t pair = lanes[i / 4 * 2 + i % 2];
      return i & 2 ? pair >> 16 : pair & 0xffff;
    } else {
      // Each split took the next bit of a field's place in its word, lowest first, for its lane's number.
      int lane = i >> SPLITS;
      for (int s = 0; s < SPLITS; s++) lane = 2 * lane + (i >> s & 1);
      uint32_t bytes = lanes[lane / 2];
      return lane & 1 ? sgq_odd_fields<8>(bytes) : bytes & sgq_even_fields<8>();
    }
  }
};

/*
 * The sums of columns c .. c + 3 of a run, c a multiple of 4, over `groups` threads `apart` from each
 * other; stage is that of the first.
 */
__device__ __forceinline__ uint4 sgq_staged_sums(int width, const uint4 *stage, int c, int groups,
                                                 int apart) {
  int quad = c / 4;
  int upper = 0;
  if (width < 8) {
    // Word w of a run holds column w + w / H * H and, in its upper half, the one H columns further.
    int h = 16 / width;
    upper = c / h & 1;
    quad = (c / (2 * h) * h + c % h) / 4;
  }
  uint4 sum = make_uint4(0, 0, 0, 0);
#pragma unroll 2
  for (int g = 0; g < groups; g++) {
    uint4 v = stage[g * apart * SGQ_STAGE_QUADS + quad];
    sum = make_uint4(sum.x + v.x, sum.y + v.y, sum.z + v.z, sum.w + v.w);
  }
  if (width == 8) return sum;
  if (upper) return make_uint4(sum.x >> 16, sum.y >> 16, sum.z >> 16, sum.w >> 16);
  return make_uint4(sum.x & 0xffff, sum.y & 0xffff, sum.z & 0xffff, sum.w & 0xffff);
}

#endif
