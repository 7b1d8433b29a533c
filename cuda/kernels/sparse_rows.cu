/*
 * Products of sparse packed matrices: org.sgquant.kernels.SparsePackedOps. Rows are decoded by a thread each, into a slab
 * of columns in shared memory that brings them into ascending order; where a matrix is wider than a slab, rows are
 * decoded once per slab. Each output is one chain from 0, k ascending, over factors that are not 0.
 */
#include "sgq/quads.cuh"
#include "sgq/sparse_rows.cuh"

namespace sgq_sparse_rows {

constexpr int GEMM_BLOCK = 128;
constexpr int GEMM_ROWS = 8;
constexpr int GEMM_LANES = GEMM_BLOCK / GEMM_ROWS;
constexpr int GEMM_COLUMNS = 2048;

/* Words of the slab from row to row: one more than the codes take, so that rows read side by side meet in no bank. */
constexpr int GEMM_WORDS = GEMM_COLUMNS / 4 + 1;

/* The codes of row r in columns [from, from + GEMM_COLUMNS), a byte each. */
__device__ __forceinline__ void decode(const SgqSparse &a, int r, int from, uint8_t *slab) {
  a.each_code(r, a.bits(a.block_of(r)), [&](int column, int code) {
    int c = column - from;
    if (c >= 0 && c < GEMM_COLUMNS) slab[c] = (uint8_t)code;
  });
}

/* Continues the chain of output f by the codes of a slab; w is its first row, row_code that of the row of codes. */
__device__ __forceinline__ float add_slab(const unsigned *slab, const float *scale, int scale_step, float row_code,
                                          const float *w, int stride, int f, float acc) {
  for (int i = 0; i < GEMM_COLUMNS / 4; i++) {
    unsigned codes = slab[i];
    for (int k = 4 * i; codes != 0; k++, codes >>= 8) {
      unsigned code = codes & 0xff;
      if (code != 0) acc = fmaf(scale[k * scale_step] * row_code * (float)code, w[(long long)k * stride + f], acc);
    }
  }
  return acc;
}

constexpr int SUM_BLOCK = 32;
constexpr int SUM_COLUMNS = 1024;

/* The edges of a target, of which those before `next` are summed. */
struct Edges {
  const int *col_idx;
  int next;
  int end;
};

/* Sums the edges whose sources are in block b into `acc`, columns [from, from + SUM_COLUMNS); all threads of the block. */
__device__ __forceinline__ void add_block(const SgqSparse &x, int b, Edges &edges, int from, int columns,
                                          unsigned long long *sum, float *acc) {
  int begin = edges.next;
  while (edges.next < edges.end && edges.col_idx[edges.next] < x.row_end(b)) edges.next++;
  if (begin == edges.next) return;
  for (int c = (int)threadIdx.x; c < columns; c += SUM_BLOCK) sum[c] = 0;
  __syncthreads();
  for (int e = begin + (int)threadIdx.x; e < edges.next; e += SUM_BLOCK) {
    unsigned row_code = x.row_code(edges.col_idx[e]);
    x.each_code(edges.col_idx[e], x.bits(b), [&](int column, int code) {
      int c = column - from;
      if (c >= 0 && c < columns) atomicAdd(sum + c, (unsigned long long)(row_code * (unsigned)code));
    });
  }
  __syncthreads();
  const float *scale = x.block_scale(b);
  int step = x.scale_step();
  for (int c = (int)threadIdx.x; c < columns; c += SUM_BLOCK) {
    acc[c] = fmaf(scale[(from + c) * step], (float)sum[c], acc[c]);
  }
  __syncthreads();
}

/* acc = row_scale * aggregate of one target in columns [from, from + columns); all threads of the block. */
__device__ __forceinline__ void sum_slab(const SgqSparse &x, Edges edges, float row_scale, int from, int columns,
                                         unsigned long long *sum, float *acc) {
  for (int c = (int)threadIdx.x; c < columns; c += SUM_BLOCK) acc[c] = 0;
  __syncthreads();
  for (int b = 0; b < x.header(SGQ_SPARSE_BLOCKS); b++) add_block(x, b, edges, from, columns, sum, acc);
  for (int c = (int)threadIdx.x; c < columns; c += SUM_BLOCK) acc[c] *= row_scale;
  __syncthreads();
}

}  // namespace sgq_sparse_rows

/*
 * c = unpack(a) w: a block takes 8 rows, 16 lanes each. Eight blocks a multiprocessor are what 64 registers allow: not
 * told so, ptxas spills to fit more of them.
 */
extern "C" __global__ void __launch_bounds__(sgq_sparse_rows::GEMM_BLOCK, 8)
    gemm_sparse_packed(const unsigned *a, const float *w, float *c, int rows, int n) {
  using namespace sgq_sparse_rows;
  SGQ_SHARED(unsigned, slab, GEMM_ROWS * GEMM_WORDS);
  SgqSparse x = {a};
  int row = (int)blockIdx.x * GEMM_ROWS + (int)threadIdx.x / GEMM_LANES;
  const unsigned *own = slab + (int)threadIdx.x / GEMM_LANES * GEMM_WORDS;
  int stride = sgq_stride(n);
  int cols = x.header(SGQ_SPARSE_COLS);
  int step = x.scale_step();
  const float *scale = row < rows ? x.row_scale(x.block_of(row), row) : nullptr;
  float row_code = row < rows ? (float)x.row_code(row) : 1;
  int from = 0;
  do {  // once at least, so that a product of nothing is 0
    for (int i = (int)threadIdx.x; i < GEMM_ROWS * GEMM_WORDS; i += GEMM_BLOCK) slab[i] = 0;
    __syncthreads();
    int decoded = (int)blockIdx.x * GEMM_ROWS + (int)threadIdx.x;
    if (threadIdx.x < GEMM_ROWS && decoded < rows) {
      decode(x, decoded, from, (uint8_t *)(slab + threadIdx.x * GEMM_WORDS));
    }
    __syncthreads();
    for (int f = (int)threadIdx.x % GEMM_LANES; row < rows && f < n; f += GEMM_LANES) {
      float *out = c + (long long)row * stride + f;
      float before = from == 0 ? 0 : *out;
      *out = add_slab(own, scale + from * step, step, row_code, w + (long long)from * stride, stride, f, before);
    }
    __syncthreads();
    from += GEMM_COLUMNS;
  } while (from < cols);
}

/* out = aggregate(x): a block per target. */
extern "C" __global__ void __launch_bounds__(sgq_sparse_rows::SUM_BLOCK)
    spmm_csr_sparse_packed(const int *row_ptr, const int *col_idx, const unsigned *a, const int *order, float *out) {
  using namespace sgq_sparse_rows;
  SGQ_SHARED(unsigned long long, sum, SUM_COLUMNS);
  SGQ_SHARED(float, acc, SUM_COLUMNS);
  SgqSparse x = {a};
  int row = order[blockIdx.x];
  int cols = x.header(SGQ_SPARSE_COLS);
  for (int from = 0; from < cols; from += SUM_COLUMNS) {
    int columns = min(SUM_COLUMNS, cols - from);
    sum_slab(x, {col_idx, row_ptr[row], row_ptr[row + 1]}, 1, from, columns, sum, acc);
    for (int c = (int)threadIdx.x; c < columns; c += SUM_BLOCK) {
      out[(long long)row * sgq_stride(cols) + from + c] = acc[c];
    }
    __syncthreads();
  }
}

/* out = diag(row_scale) aggregate(x) w: a block per target. */
extern "C" __global__ void __launch_bounds__(sgq_sparse_rows::SUM_BLOCK)
    spmm_gemm_csr_sparse_packed(const int *row_ptr, const int *col_idx, const unsigned *a, const float *row_scale,
                                const float *w, const int *order, float *out, int n) {
  using namespace sgq_sparse_rows;
  SGQ_SHARED(unsigned long long, sum, SUM_COLUMNS);
  SGQ_SHARED(float, acc, SUM_COLUMNS);
  SgqSparse x = {a};
  int row = order[blockIdx.x];
  int cols = x.header(SGQ_SPARSE_COLS);
  int stride = sgq_stride(n);
  float factor = row_scale == nullptr ? 1 : row_scale[row];
  int from = 0;
  do {  // once at least, so that a product of nothing is 0
    int columns = min(SUM_COLUMNS, cols - from);
    sum_slab(x, {col_idx, row_ptr[row], row_ptr[row + 1]}, factor, from, columns, sum, acc);
    for (int f = (int)threadIdx.x; f < n; f += SUM_BLOCK) {
      float *target = out + (long long)row * stride + f;
      float chain = from == 0 ? 0 : *target;
      for (int c = 0; c < columns; c++) {
        if (acc[c] != 0) chain = fmaf(acc[c], w[(long long)(from + c) * stride + f], chain);
      }
      *target = chain;
    }
    __syncthreads();
    from += SUM_COLUMNS;
  } while (from < cols);
}
