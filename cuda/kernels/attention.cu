/*
 * Attention over the edges of a graph in training: org.sgquant.kernels.AttentionOps.
 *
 * Edge values are nnz x heads, node tensors rows x (heads * width). Rows are taken in the order of the host's
 * row bins, those of most edges first. Where a result is a chain over the edges of a row, a thread takes a row
 * and a head and walks the edges in order, as the hosts do; where it is one value per edge and head, a warp
 * takes a row and its lanes share the values out.
 */
#include "sgq/edges.cuh"
#include "sgq/exp.cuh"
#include "sgq/packed.cuh"
#include "sgq/quads.cuh"

namespace sgq_attention {

/* The row and head of a thread, and the edges of that row; row -1 past the last. */
struct RowHead {
  int row;
  int head;
  int begin;
  int end;

  __device__ __forceinline__ RowHead(const int *row_ptr, const int *order, int rows, int heads) {
    unsigned place = sgq_thread() / (unsigned)heads;
    row = place < (unsigned)rows ? order[place] : -1;
    head = (int)(sgq_thread() % (unsigned)heads);
    begin = row < 0 ? 0 : row_ptr[row];
    end = row < 0 ? 0 : row_ptr[row + 1];
  }
};

/* value(row, source, edge, head) into out for every edge and head of the row of this warp. */
template <typename Value>
__device__ __forceinline__ void each_edge_value(const int *row_ptr, const int *col_idx, const int *order,
                                                float *out, int rows, int heads, const Value &value) {
  unsigned place = sgq_thread() / 32;
  if (place >= (unsigned)rows) return;
  int row = order[place];
  int begin = row_ptr[row];
  unsigned values = (unsigned)(row_ptr[row + 1] - begin) * (unsigned)heads;
  long long stride = sgq_stride(heads);
  for (unsigned i = threadIdx.x % 32; i < values; i += 32) {
    int e = begin + (int)(i / (unsigned)heads);
    int h = (int)(i % (unsigned)heads);
    out[e * stride + h] = value(row, col_idx[e], h);
  }
}

/* What an edge adds to four columns: a weight for each. */
struct Edge {
  float4 w;
  float4 x;
};

}  // namespace sgq_attention

/* out_eh = sum over f of a_i,hF+f * b_j,hF+f, f ascending. */
extern "C" __global__ void __launch_bounds__(256)
    sddmm_csr_f32_heads(const int *row_ptr, const int *col_idx, const float *a, const float *b,
                        const int *order, float *out, int rows, int heads, int width) {
  long long stride = sgq_stride(heads * width);
  sgq_attention::each_edge_value(row_ptr, col_idx, order, out, rows, heads, [&](int i, int j, int h) {
    const float *p = a + i * stride + h * width;
    const float *q = b + j * stride + h * width;
    float sum = 0;
    for (int f = 0; f < width; f++) sum = fmaf(p[f], q[f], sum);
    return sum;
  });
}

/* out_eh = target_ih + source_jh. */
extern "C" __global__ void __launch_bounds__(256)
    edge_scores_csr_f32(const int *row_ptr, const int *col_idx, const float *target, const float *source,
                        const int *order, float *out, int rows, int heads) {
  long long stride = sgq_stride(heads);
  sgq_attention::each_edge_value(
      row_ptr, col_idx, order, out, rows, heads,
      [&](int i, int j, int h) { return target[i * stride + h] + source[j * stride + h]; });
}

/* out_i,hF+f = sum over edges e of row i of w_eh * x_j,hF+f, edges ascending; as spmm_csr_f32. */
extern "C" __global__ void __launch_bounds__(256, 4)
    spmm_csr_f32_heads(const int *row_ptr, const int *col_idx, const float *w, const float *x,
                       const int *order, float *out, int rows, int heads, int width, int lane_bits) {
  using namespace sgq_attention;
  int cols = heads * width;
  unsigned place = sgq_thread() >> lane_bits;
  int lane = (int)(sgq_thread() & ((1u << lane_bits) - 1));
  int c = ((int)(blockIdx.y << lane_bits) + lane) * 4;
  if (place >= (unsigned)rows || c >= cols) return;
  int row = order[place];
  long long stride = sgq_stride(cols), w_stride = sgq_stride(heads);
  int h0 = c / width, h1 = min(c + 1, cols - 1) / width;
  int h2 = min(c + 2, cols - 1) / width, h3 = min(c + 3, cols - 1) / width;
  float4 acc = sgq_quad(0);
  sgq_each_edge<4>(
      col_idx, row_ptr[row], row_ptr[row + 1],
      [&](int e, int source) {
        const float *of = w + e * w_stride;
        float4 weights = make_float4(__ldg(of + h0), __ldg(of + h1), __ldg(of + h2), __ldg(of + h3));
        return Edge{weights, sgq_load_quad(x + c, source * stride)};
      },
      [&](const Edge &edge) {
        acc.x = fmaf(edge.w.x, edge.x.x, acc.x);
        acc.y = fmaf(edge.w.y, edge.x.y, acc.y);
        acc.z = fmaf(edge.w.z, edge.x.z, acc.z);
        acc.w = fmaf(edge.w.w, edge.x.w, acc.w);
      });
  sgq_store_quad(out, row * stride + c, acc);
}

/* out_ih = sum over edges e of row i of w_eh, edges ascending. */
extern "C" __global__ void __launch_bounds__(256)
    sum_edges_csr_f32(const int *row_ptr, const float *w, const int *order, float *out, int rows, int heads) {
  sgq_attention::RowHead at(row_ptr, order, rows, heads);
  if (at.row < 0) return;
  long long stride = sgq_stride(heads);
  float sum = 0;
  for (int e = at.begin; e < at.end; e++) sum += w[e * stride + at.head];
  out[at.row * stride + at.head] = sum;
}

/* out_eh = exp(s_eh - max) / sum of the same over the edges of the row. */
extern "C" __global__ void __launch_bounds__(256)
    softmax_edges_csr_f32(const int *row_ptr, const float *s, const int *order, float *out, int rows,
                          int heads) {
  sgq_attention::RowHead at(row_ptr, order, rows, heads);
  if (at.row < 0) return;
  long long stride = sgq_stride(heads);
  s += at.head;
  out += at.head;
  float max = -INFINITY;
  for (int e = at.begin; e < at.end; e++) max = fmaxf(max, s[e * stride]);
  float sum = 0;
  for (int e = at.begin; e < at.end; e++) {
    float t = sgq_exp(s[e * stride] - max);
    out[e * stride] = t;
    sum += t;
  }
  for (int e = at.begin; e < at.end; e++) out[e * stride] /= sum;
}

/* grad_s_eh = y_eh (grad_y_eh - sum over edges d of the row of y_dh grad_y_dh). */
extern "C" __global__ void __launch_bounds__(256)
    softmax_edges_backward_csr_f32(const int *row_ptr, const float *y, const float *grad_y, const int *order,
                                   float *grad_s, int rows, int heads) {
  sgq_attention::RowHead at(row_ptr, order, rows, heads);
  if (at.row < 0) return;
  long long stride = sgq_stride(heads);
  float dot = 0;
  for (int e = at.begin; e < at.end; e++) {
    dot = fmaf(y[e * stride + at.head], grad_y[e * stride + at.head], dot);
  }
  for (int e = at.begin; e < at.end; e++) {
    long long i = e * stride + at.head;
    grad_s[i] = y[i] * (grad_y[i] - dot);
  }
}

/* out_i = x_index(i), whole rows. */
extern "C" __global__ void __launch_bounds__(256)
    gather_rows_f32(const float *x, const int *index, float *out, int rows, int cols) {
  SgqQuad quad(cols);
  if (quad.row >= rows) return;
  long long stride = sgq_stride(cols);
  sgq_store_quad(out, quad.row * stride + quad.column,
                 sgq_load_quad(x, index[quad.row] * stride + quad.column));
}

/* out_hF+f,h = a_hf, else 0. */
extern "C" __global__ void __launch_bounds__(256)
    spread_heads_f32(const float *a, float *out, int heads, int width) {
  unsigned i = sgq_thread();
  if (i >= (unsigned)(heads * width * heads)) return;
  int r = (int)i / heads, h = (int)i % heads;
  out[r * (long long)sgq_stride(heads) + h] =
      r / width == h ? a[h * (long long)sgq_stride(width) + r % width] : 0;
}

/* out_hf = x_hF+f,h. */
extern "C" __global__ void __launch_bounds__(256)
    collect_heads_f32(const float *x, float *out, int heads, int width) {
  unsigned i = sgq_thread();
  if (i >= (unsigned)(heads * width)) return;
  int h = (int)i / width, f = (int)i % width;
  out[h * (long long)sgq_stride(width) + f] = x[i * (long long)sgq_stride(heads) + h];
}
