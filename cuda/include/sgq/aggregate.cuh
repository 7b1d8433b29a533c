/*
 * Sum over the edges of a row of what their sources hold, a quad of columns per thread, in the order and with
 * the roundings of org.sgquant.kernels.PackedOps.spmm and spmmWeighted. Blocks may be of any width and mixed.
 *
 * A thread walks the edges of its row alone, several at a time. Lanes of one row read the same edge at the
 * same time: one transaction.
 */
#ifndef SGQ_AGGREGATE_CUH
#define SGQ_AGGREGATE_CUH

#include "sgq/codes.cuh"
#include "sgq/edges.cuh"

/* What weighs an edge: one number for the quad, or one for each of its columns. */
__device__ __forceinline__ uint4 sgq_spread(unsigned x) {
  return make_uint4(x, x, x, x);
}

__device__ __forceinline__ uint4 sgq_spread(uint4 x) {
  return x;
}

__device__ __forceinline__ float4 sgq_spread(float x) {
  return sgq_quad(x);
}

__device__ __forceinline__ float4 sgq_spread(float4 x) {
  return x;
}

/* scale * code. */
__device__ __forceinline__ float sgq_scaled(float scale, unsigned code) {
  return scale * (float)code;
}

__device__ __forceinline__ float4 sgq_scaled(float4 scale, uint4 code) {
  return make_float4(scale.x * (float)code.x, scale.y * (float)code.y, scale.z * (float)code.z,
                     scale.w * (float)code.w);
}

/* Exact sums of weight codes. */
struct SgqCodeSum {
  unsigned long long sum = 0;

  __device__ __forceinline__ void add(unsigned code) {
    sum += code;
  }

  __device__ __forceinline__ float4 floats() const {
    return sgq_quad((float)sum);
  }
};

/* Edges of a row that all weigh 1. */
struct SgqUnweighted {
  static constexpr bool weighted = false;
  /* Whether the rows that are summed may have codes of their own. */
  static constexpr bool takes_row_codes = true;
  using Code = unsigned;
  using Number = float;
  using Sum = SgqCodeSum;
  /*
   * Edges read at once, as many as the registers allow: rows of floats, of codes, of codes that become
   * floats, of codes in several sections.
   */
  static constexpr int floats_ahead = 8;
  static constexpr int codes_ahead = 8;
  static constexpr int dequantized_ahead = 4;
  static constexpr int split_ahead = 1;

  __device__ __forceinline__ bool packed() const {
    return true;
  }

  __device__ __forceinline__ float scale() const {
    return 1;
  }

  __device__ __forceinline__ unsigned code(int) const {
    return 1;
  }

  __device__ __forceinline__ float number(int) const {
    return 1;
  }
};

/* Weights of the edges of one row: edge e is column e - edge_start of a packed row. */
struct SgqEdgeWeights {
  static constexpr bool weighted = true;
  static constexpr bool takes_row_codes = true;
  using Code = unsigned;
  using Number = float;
  using Sum = SgqCodeSum;
  static constexpr int floats_ahead = 4;
  static constexpr int codes_ahead = 2;
  static constexpr int dequantized_ahead = 2;
  static constexpr int split_ahead = 1;

  const uint8_t *codes;
  float code_scale;
  int edge_start;
  int bits;
  SgqSection first, second, third;

  __device__ __forceinline__ SgqEdgeWeights(const SgqWeights &weights, int row) {
    int p = 0;
    while (p < weights.parts - 1 && row >= weights.part[p].row_end) p++;
    const SgqWeightPart &part = weights.part[p];
    codes = part.codes;
    code_scale = *part.scale;
    edge_start = part.edge_start;
    bits = part.bits;
    first = sgq_section(bits, part.edges, 0);
    second = sgq_section(bits, part.edges, 1);
    third = sgq_section(bits, part.edges, 2);
  }

  __device__ __forceinline__ bool packed() const {
    return bits < 32;
  }

  __device__ __forceinline__ float scale() const {
    return code_scale;
  }

  __device__ __forceinline__ unsigned code(int e) const {
    unsigned code = part(0, e, first);
    if (second.width > 0) code = part(code, e, second);
    if (third.width > 0) code = part(code, e, third);
    return code;
  }

  /* Weight of edge e where it is not packed. */
  __device__ __forceinline__ float number(int e) const {
    return __ldg(reinterpret_cast<const float *>(codes) + (e - edge_start));
  }

 private:
  /* high : the part of edge e in section s. */
  __device__ __forceinline__ unsigned part(unsigned high, int e, SgqSection s) const {
    int i = e - edge_start;
    unsigned byte = __ldg(codes + (s.byte + sgq_byte_of(s.width, i)));
    return high << s.width | (byte >> sgq_bit_of(s.width, i) & ((1u << s.width) - 1));
  }
};

/* Sums over the edges of one row for columns c .. c + 3. */
template <typename Weights>
struct SgqAggregator {
  const SgqPacked &x;
  const int *col_idx;
  const Weights weights;
  const int c;
  float4 acc;

  __device__ __forceinline__ SgqAggregator(const SgqPacked &x, const int *col_idx, const Weights &weights,
                                           int c)
      : x(x), col_idx(col_idx), weights(weights), c(c), acc(sgq_quad(0)) {}

  /* Edges [e, end); codes are summed as integers in blocks of integers if `integer`. */
  __device__ __forceinline__ float4 sum(int e, int end, bool integer) {
    for (int b = 0; e < end; b++) {
      const SgqBlock &block = x.block[b];
      int stop = end_of_block(e, end, block.row_end);
      if (e == stop) continue;
      bool split = sgq_sections(block.bits) > 1;
      if (block.bits == 32) {
        add_floats(block, e, stop);
      } else if (integer && block.format == 0) {
        split ? add_codes<true>(block, e, stop) : add_codes<false>(block, e, stop);
      } else {
        split || block.format != 0 ? add_dequantized<true>(block, e, stop) : add_dequantized<false>(block, e, stop);
      }
      e = stop;
    }
    return acc;
  }

 private:
  __device__ __forceinline__ const uint8_t *row(const SgqBlock &block, int row_in_block) const {
    return block.data + (long long)row_in_block * block.stride;
  }

  /* First edge of [e, end) whose source lies past the block that ends at row_end, as sources ascend. */
  __device__ __forceinline__ int end_of_block(int e, int end, int row_end) const {
    if (__ldg(col_idx + end - 1) < row_end) return end;
    int last = end - 1;
    while (e < last) {
      int middle = e + (last - e) / 2;
      if (__ldg(col_idx + middle) < row_end) {
        e = middle + 1;
      } else {
        last = middle;
      }
    }
    return e;
  }

  /* A source's floats and the edge's weight as a code. */
  struct CodedWeight {
    float4 x;
    typename Weights::Code weight;
  };

  /* The same with a float. */
  struct FloatWeight {
    float4 x;
    typename Weights::Number weight;
  };

  /* The same, both as codes; the weight's is multiplied by the row's. */
  template <bool SPLIT>
  struct WeightedCodes {
    typename SgqQuadCodes<SPLIT>::Words x;
    typename Weights::Code weight;
  };

  __device__ __forceinline__ void add(typename Weights::Number weight, float4 v) {
    acc = Weights::weighted ? sgq_fma(weight, v, acc) : sgq_sum(acc, v);
  }

  /*
   * acc += w_e * load(row) for the edges of [e, end), whose sources are rows of the block; AHEAD at a time.
   * What the weights are is asked once: a branch per edge would keep their loads from being joined.
   */
  template <int AHEAD, typename Load>
  __device__ __forceinline__ void add_quads(const SgqBlock &block, int e, int end, const Load &load) {
    if (weights.packed()) {
      sgq_each_edge<AHEAD>(
          col_idx, e, end,
          [&](int edge, int source) {
            return CodedWeight{load(source - block.row_start), weights.code(edge)};
          },
          [&](const CodedWeight &q) { add(sgq_scaled(weights.scale(), q.weight), q.x); });
    } else {
      sgq_each_edge<AHEAD>(
          col_idx, e, end,
          [&](int edge, int source) {
            return FloatWeight{load(source - block.row_start), weights.number(edge)};
          },
          [&](const FloatWeight &q) { add(q.weight, q.x); });
    }
  }

  /* Rows of floats; those of one and two are no whole quads. */
  __device__ __forceinline__ void add_floats(const SgqBlock &block, int e, int end) {
    if (block.stride % 16 != 0) {
      add_quads<1>(block, e, end, [&](int r) { return sgq_float_quad(row(block, r), block.stride, c); });
    } else {
      add_quads<Weights::floats_ahead>(block, e, end, [&](int r) {
        return sgq_load_quad(reinterpret_cast<const float *>(row(block, r)), c);
      });
    }
  }

  /* Rows of codes, each taken as its floats; those of floats like codes in several sections. */
  template <bool SPLIT>
  __device__ __forceinline__ void add_dequantized(const SgqBlock &block, int e, int end) {
    constexpr int AHEAD = SPLIT ? Weights::split_ahead : Weights::dequantized_ahead;
    SgqQuadCodes<SPLIT> codes(block.bits, x.cols, c);
    SgqParams params = sgq_sum_params(x, block, c);
    add_quads<AHEAD>(block, e, end, [&](int r) {
      uint4 u = codes(row(block, r));
      if (SPLIT && block.format != 0) return small_floats(block, r, u);
      return sgq_dequantized(sgq_to_floats(u), params_of(block, r, params));
    });
  }

  /* Row r of a block of floats; what is the same for every row is taken anew, which leaves registers to the other loops. */
  __device__ __forceinline__ float4 small_floats(const SgqBlock &block, int r, uint4 u) const {
    SgqFloatValues value(sgq_opaque(block.format));
    float scale = sgq_float_scale(block, sgq_opaque(x.cols), r, sgq_opaque(c));
    return make_float4(scale * value(u.x), scale * value(u.y), scale * value(u.z), scale * value(u.w));
  }

  /* Scale and offset of a row, `params` where all share them. Without weights, row codes are always summed as integers. */
  __device__ __forceinline__ SgqParams params_of(const SgqBlock &block, int r, const SgqParams &params) const {
    if (x.granularity == SGQ_ROW) return {sgq_quad(block.scale[r]), sgq_quad(block.offset[r])};
    if constexpr (Weights::weighted) {
      if (x.granularity == SGQ_ROW_CODE) return sgq_params(x, block, r, c);
    }
    return params;
  }

  /*
   * acc = fma(ws * scale, S, fma(ws * offset, W, acc)) with the sums S of weight code times row code times
   * code and W of weight code times row code, exact in 64 bits: a product of 16-bit codes and a row code fills 40.
   */
  template <bool SPLIT>
  __device__ __forceinline__ void add_codes(const SgqBlock &block, int e, int end) {
    constexpr int AHEAD = SPLIT ? Weights::split_ahead : Weights::codes_ahead;
    SgqQuadCodes<SPLIT> codes(block.bits, x.cols, c);
    unsigned long long sum_x = 0, sum_y = 0, sum_z = 0, sum_w = 0;
    typename Weights::Sum weight_sum;
    sgq_each_edge<AHEAD>(
        col_idx, e, end,
        [&](int edge, int source) {
          int r = source - block.row_start;
          WeightedCodes<SPLIT> read{codes.load(row(block, r)), weights.code(edge)};
          if constexpr (Weights::takes_row_codes) read.weight *= sgq_row_code(block, r);
          return read;
        },
        [&](const WeightedCodes<SPLIT> &edge) {
          uint4 u = codes.decode(edge.x);
          uint4 weight = sgq_spread(edge.weight);
          sum_x += (unsigned long long)weight.x * u.x;
          sum_y += (unsigned long long)weight.y * u.y;
          sum_z += (unsigned long long)weight.z * u.z;
          sum_w += (unsigned long long)weight.w * u.w;
          weight_sum.add(edge.weight);
        });
    SgqParams params = sgq_sum_params(x, block, c);
    float4 ws = sgq_spread(weights.scale()), count = weight_sum.floats();
    acc.x = fmaf(ws.x * params.scale.x, (float)sum_x, fmaf(ws.x * params.offset.x, count.x, acc.x));
    acc.y = fmaf(ws.y * params.scale.y, (float)sum_y, fmaf(ws.y * params.offset.y, count.y, acc.y));
    acc.z = fmaf(ws.z * params.scale.z, (float)sum_z, fmaf(ws.z * params.offset.z, count.z, acc.z));
    acc.w = fmaf(ws.w * params.scale.w, (float)sum_w, fmaf(ws.w * params.offset.w, count.w, acc.w));
  }
};

/* Columns c .. c + 3 of the sum over the edges e of `row` of w_e * x_col(e); `integer` as in sum. */
template <typename Weights>
__device__ __forceinline__ float4 sgq_aggregate(const int *row_ptr, const int *col_idx,
                                                const Weights &weights, const SgqPacked &x, bool integer,
                                                int row, int c) {
  SgqAggregator<Weights> aggregator(x, col_idx, weights, c);
  return aggregator.sum(row_ptr[row], row_ptr[row + 1], integer && weights.packed());
}

#endif
