/*
 * Sums of the codes of gathered rows, exact integers, by the threads of a warp.
 *
 * A power of two of threads cover a tile of the columns, each with a run of its own. Either the whole
 * warp takes one row of the graph, its groups of threads sharing out the edges, or every group takes a
 * row of its own. Sections of codes are summed one after another. The sums of one block of source rows go
 * by shared memory to a target, four columns per thread, since scale and offset belong to the block:
 *
 *   acc = fma(scale, (float)sum, fma(offset, (float)edges, acc))   blocks ascending, those with an edge
 */
#ifndef SGQ_ROW_SUM_CUH
#define SGQ_ROW_SUM_CUH

#include "sgq/gather.cuh"
#include "sgq/quantizer.cuh"

/* Quads of shared memory of a warp: for sums, per section of a code, and for the state of its rows. */
#define SGQ_SECTION_QUADS (32 * SGQ_STAGE_QUADS)
#define SGQ_STATE_QUADS 40
#define SGQ_WARP_QUADS(sections) ((sections) * SGQ_SECTION_QUADS + SGQ_STATE_QUADS)

/* A row of the graph that a thread has a part in, in shared memory while registers are needed for sums. */
struct SgqRowState {
  int row;
  int begin;  // its edges
  int end;
  int e;  // those of the current block
  int stop;
};

static_assert(32 * sizeof(SgqRowState) == SGQ_STATE_QUADS * sizeof(uint4), "states of a warp");

/* What one warp sums. */
struct SgqRowSum {
  const int *col_idx;
  SgqRowState *rows;  // of the warp's threads, in shared memory
  uint4 *stage;       // of the warp, likewise
  int tile;           // columns of a tile: a power of two, at least a run
  int column;         // first one of this tile
  int columns;        // that this tile has
  bool together;      // whether the warp takes one row
  int group_lanes;    // threads per row where it takes several
};

__device__ __forceinline__ int sgq_log2(int power) {
  return __ffs(power) - 1;
}

/* Threads that cover a tile in runs of fields of `width` bits. */
__device__ __forceinline__ int sgq_section_lanes(const SgqRowSum &r, int width) {
  return r.together ? max(1, r.tile / sgq_run_columns(width)) : r.group_lanes;
}

/*
 * Sums of the fields of W bits that stand `offset` bytes into a row of x, over the edges of rows[lane],
 * into `stage`.
 */
template <int W, bool AHEAD>
__device__ __forceinline__ void sgq_sum_section(const SgqRowSum &r, const SgqBlock &block, int offset,
                                                uint4 *stage) {
  constexpr int BATCH = SgqFieldSums<W>::BATCH;
  constexpr int RUN = SgqFieldSums<W>::RUN;
  int lane = threadIdx.x % 32;
  int lanes = sgq_section_lanes(r, W);
  int run = (lane & (lanes - 1)) * RUN;
  // Threads past the last column read the first run again; nothing reads their sums.
  int byte = offset + (r.column + (run < r.columns ? run : 0)) * W / 8;
  int begin = r.rows[lane].e;
  SgqRuns runs = {block.data + byte - (int64_t)block.row_start * block.stride,
                  block.stride,
                  SGQ_WHOLE,
                  r.col_idx + begin,
                  r.rows[lane].stop - begin,
                  BATCH};
  if (block.stride < 16) {
    runs.alignment = SGQ_BYTES;
  } else if (offset % (RUN * W / 8) != 0) {
    runs.alignment = SGQ_WORDS;
  }
  if (r.together) {
    int group = lane >> sgq_log2(lanes);
    runs.step = BATCH * (32 >> sgq_log2(lanes));
    runs.col_idx += BATCH * group;
    runs.left -= BATCH * group;
  }
  SgqFieldSums<W> sums(stage + lane * SGQ_STAGE_QUADS);
  sgq_gather<W, AHEAD>(sums, runs);
}

/*
 * Sums of the codes of the edges of rows[lane], which have their sources in one block. Q = 0: block.bits.
 */
template <int Q>
__device__ __forceinline__ void sgq_sum_block(const SgqRowSum &r, const SgqBlock &block, int cols) {
  if constexpr (Q > 0) {
    sgq_sum_section<Q, true>(r, block, 0, r.stage);
  } else {
    // Beside the other widths, narrow sections have no registers left to read ahead.
#pragma unroll 1
    for (int s = 0; s < sgq_sections(block.bits); s++) {
      int offset = sgq_section_offset(block.bits, cols, s);
      uint4 *stage = r.stage + s * SGQ_SECTION_QUADS;
      switch (sgq_section_width(block.bits, s)) {
        case 1: sgq_sum_section<1, false>(r, block, offset, stage); break;
        case 2: sgq_sum_section<2, false>(r, block, offset, stage); break;
        case 4: sgq_sum_section<4, true>(r, block, offset, stage); break;
        default: sgq_sum_section<8, true>(r, block, offset, stage); break;
      }
    }
  }
}

/*
 * The sums of section s, `width` bits wide, of columns c .. c + 3 of the tile, for the row that `group`
 * took.
 */
__device__ __forceinline__ uint4 sgq_section_sums(const SgqRowSum &r, int s, int width, int group, int c) {
  int lanes = sgq_section_lanes(r, width);
  int run = sgq_run_columns(width);
  const uint4 *stage = r.stage + s * SGQ_SECTION_QUADS + (group * lanes + c / run) * SGQ_STAGE_QUADS;
  return sgq_staged_sums(width, stage, c % run, r.together ? 32 >> sgq_log2(lanes) : 1, lanes);
}

/* The sums of codes of columns c .. c + 3 of the tile, for the row that `group` took. */
template <int Q>
__device__ __forceinline__ uint4 sgq_code_sums(const SgqRowSum &r, int bits, int group, int c) {
  if constexpr (Q > 0) return sgq_section_sums(r, 0, Q, group, c);
  uint4 sum = make_uint4(0, 0, 0, 0);
#pragma unroll 1
  for (int s = 0; s < sgq_sections(bits); s++) {
    int w = sgq_section_width(bits, s);
    uint4 v = sgq_section_sums(r, s, w, group, c);
    sum = make_uint4((sum.x << w) + v.x, (sum.y << w) + v.y, (sum.z << w) + v.z, (sum.w << w) + v.w);
  }
  return sum;
}

/*
 * Sums of the codes of the edges of rows[lane], at most SGQ_MAX_EDGES: of one row of the warp's, or of
 * one of each group's. target(row, block, edges, first, c, sums) takes those of columns c .. c + 3; first
 * where no block of the row came before.
 */
template <int Q, class Target>
__device__ __forceinline__ void sgq_sum_rows(const SgqRowSum &r, const SgqPacked &x, const Target &target) {
  int lane = threadIdx.x % 32;
  SgqRowState &own = r.rows[lane];
  own.stop = own.begin;
#pragma unroll 1
  for (int b = 0; b < x.blocks; b++) {
    int e = own.stop;
    int stop = own.end;
    if (b + 1 < x.blocks) {
      int bound = x.block[b].row_end;
      stop = r.together ? sgq_lower_bound_by_warp(r.col_idx, e, stop, bound)
                        : sgq_lower_bound(r.col_idx, e, stop, bound);
    }
    own.e = e;
    own.stop = stop;
    if (!__any_sync(0xffffffffu, e < stop)) continue;
    sgq_sum_block<Q>(r, x.block[b], x.cols);
    __syncwarp();
    int row_quads = r.tile / 4;
    int quads = (r.together ? 1 : 32 >> sgq_log2(r.group_lanes)) * row_quads;
#pragma unroll 1
    for (int i = lane; i < quads; i += 32) {
      int group = i >> sgq_log2(row_quads);
      int c = (i & (row_quads - 1)) * 4;
      const SgqRowState &of = r.rows[r.together ? 0 : group * r.group_lanes];
      if (of.e < of.stop && c < r.columns) {
        target(of.row, b, of.stop - of.e, of.e == of.begin, r.column + c,
               sgq_code_sums<Q>(r, x.block[b].bits, group, c));
      }
    }
    __syncwarp();
  }
}

/* Scales and offsets of columns c .. c + 3 of a block, one per column or one in all. */
template <bool COLUMN>
__device__ __forceinline__ SgqParams sgq_params_of(const SgqBlock &block, int c) {
  if (COLUMN) return {__ldg((const float4 *)(block.scale + c)), __ldg((const float4 *)(block.offset + c))};
  return {sgq_quad(__ldg(block.scale)), sgq_quad(__ldg(block.offset))};
}

/* fma(scale, (float)sum, fma(offset, edges, acc)) for four columns. */
__device__ __forceinline__ float4 sgq_add_sums(const SgqParams &p, uint4 sum, float edges, float4 acc) {
  return make_float4(fmaf(p.scale.x, (float)sum.x, fmaf(p.offset.x, edges, acc.x)),
                     fmaf(p.scale.y, (float)sum.y, fmaf(p.offset.y, edges, acc.y)),
                     fmaf(p.scale.z, (float)sum.z, fmaf(p.offset.z, edges, acc.z)),
                     fmaf(p.scale.w, (float)sum.w, fmaf(p.offset.w, edges, acc.w)));
}

/*
 * Column c of row number `hub`, whose edges [e, end) were summed in chunks: hub_sums holds a row of sums
 * per hub and block. They are left zero for the next launch.
 */
template <bool COLUMN>
__device__ __forceinline__ float sgq_hub_value(const int *col_idx, const SgqPacked &x,
                                               unsigned long long *hub_sums, int hub, int e, int end,
                                               int c) {
  float acc = 0;
  for (int b = 0; b < x.blocks; b++) {
    int stop = sgq_lower_bound(col_idx, e, end, x.block[b].row_end);
    if (e < stop) {
      unsigned long long *sum = hub_sums + ((int64_t)hub * x.blocks + b) * x.cols + c;
      int i = COLUMN ? c : 0;
      acc = fmaf(x.block[b].scale[i], (float)*sum, fmaf(x.block[b].offset[i], (float)(stop - e), acc));
      *sum = 0;
    }
    e = stop;
  }
  return acc;
}

#endif
