/*
 * Float matrices four columns (a quad, 16 bytes) at a time, and which thread takes which.
 *
 * A quad starts at a column that is a multiple of 4. Rows of float matrices are padded to 16 floats, so a
 * quad never leaves its row; what it holds past the last column may be anything and may be overwritten.
 */
#ifndef SGQ_QUADS_CUH
#define SGQ_QUADS_CUH

#include "sgq/device.cuh"

__device__ __forceinline__ int sgq_ceil_div(int a, int b) {
  return (a + b - 1) / b;
}

/* Number of this thread among all of the grid's x dimension; the host launches fewer than 2^32. */
__device__ __forceinline__ unsigned sgq_thread() {
  return blockIdx.x * blockDim.x + threadIdx.x;
}

__device__ __forceinline__ float4 sgq_quad(float x) {
  return make_float4(x, x, x, x);
}

/* Floats c .. c + 3 of a row. */
__device__ __forceinline__ float4 sgq_load_quad(const float *row, long long c) {
  return *reinterpret_cast<const float4 *>(row + c);
}

__device__ __forceinline__ void sgq_store_quad(float *row, long long c, float4 x) {
  *reinterpret_cast<float4 *>(row + c) = x;
}

/* First float of this thread's quad where rows do not matter, or -1 past the last of `quads`. */
__device__ __forceinline__ long long sgq_flat_quad(long long quads) {
  long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  return i < quads ? 4 * i : -1;
}

/* The quad of a matrix of `cols` columns that a thread takes, rows first. */
struct SgqQuad {
  int row;
  int column;

  __device__ __forceinline__ explicit SgqQuad(int cols) {
    unsigned quads = (unsigned)sgq_ceil_div(cols, 4);
    row = (int)(sgq_thread() / quads);
    column = (int)(sgq_thread() % quads) * 4;
  }
};

#endif
