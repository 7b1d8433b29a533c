/*
 * What packed kernels take by value: the blocks of a packed matrix or scheme, the parts of edge weights, and what
 * changes per step. The host writes the same bytes (org.sgquant.kernels.cuda.PackedStructs); little-endian, natural
 * alignment, pointers 8 bytes.
 */
#ifndef SGQ_PACKED_CUH
#define SGQ_PACKED_CUH

#include "sgq/device.cuh"
#include "sgq/packed_layout.h"

/* Most blocks (degree buckets) of one matrix and parts of one set of edge weights. */
#define SGQ_MAX_BLOCKS 16

enum SgqGranularity { SGQ_TENSOR = 0, SGQ_BUCKET = 1, SGQ_COLUMN = 2, SGQ_ROW = 3, SGQ_ROW_CODE = 4 };
enum SgqRounding { SGQ_NEAREST = 0, SGQ_PAPER = 1 };

/*
 * Rows [row_start, row_end) as codes of `bits` bits, or floats where bits = 32; row r at data + (r - row_start) * stride.
 * With ROW_CODE, scale and offset of a row are the block's times its code; scale[1] is the unit of these codes. Where
 * format is not 0 codes are floats (floats.cuh), whose scales are the row codes, one for 32 columns of a row.
 */
struct SgqBlock {
  uint8_t *data;
  float *scale;
  float *offset;
  uint8_t *row_codes;
  int row_start;
  int row_end;
  int bits;
  int stride;
  int format;
  int reserved;
};

/* x = fma(scale, code, offset); data is null where only the scheme is meant. */
struct SgqPacked {
  SgqBlock block[SGQ_MAX_BLOCKS];
  int blocks;
  int cols;
  int granularity;
  int rounding;
};

/* Weights of the edges of rows [row_start, row_end): edge e is column e - edge_start of one packed row. */
struct SgqWeightPart {
  const uint8_t *codes;
  const float *scale;
  int row_start;
  int row_end;
  int edge_start;
  int edges;
  int bits;
  int reserved;
};

/* weight = scale * code, or the float where bits = 32. */
struct SgqWeights {
  SgqWeightPart part[SGQ_MAX_BLOCKS];
  int parts;
  int reserved;
};

/* What changes from step to step: org.sgquant.kernels.StepState. */
struct SgqStepState {
  long long seed;
  int step;
  float learning_rate;
};

enum SgqErrorKind { SGQ_NAN = 0, SGQ_POSITIVE_INFINITY = 1, SGQ_NEGATIVE_INFINITY = 2, SGQ_OTHER = 3 };

/* Floats from one row of a float matrix to the next: cols rounded up to a cache line. */
__device__ __forceinline__ int sgq_stride(int cols) {
  return (cols + 15) / 16 * 16;
}

/* Index of the scale of row r and column c within its block. */
__device__ __forceinline__ int sgq_scale_index(int granularity, int row_in_block, int c) {
  return granularity == SGQ_COLUMN ? c : granularity == SGQ_ROW ? row_in_block : 0;
}

/* Code of a row of a block of integers; 1 where rows have none. */
__device__ __forceinline__ unsigned sgq_row_code(const SgqBlock &block, int row_in_block) {
  return block.row_codes == nullptr ? 1u : __ldg(block.row_codes + row_in_block);
}

/* Keeps the least (site, element) at which a kernel found what must not be; the host reads the word when it synchronizes. */
__device__ __forceinline__ void sgq_report(unsigned long long *error, int site, long long element, int kind) {
  atomicMin(error, (unsigned long long)site << 48 | (unsigned long long)element * 4 + (unsigned long long)kind);
}

/* Reports x where it is NaN or infinite; returns whether it is finite. */
__device__ __forceinline__ bool sgq_require_finite(float x, unsigned long long *error, int site, long long element) {
  if (fabsf(x) <= 3.402823466e38f) return true;
  sgq_report(error, site, element, x != x ? SGQ_NAN : x > 0 ? SGQ_POSITIVE_INFINITY : SGQ_NEGATIVE_INFINITY);
  return false;
}

#endif
