/* Kernels of the selftest: right ones, and one for each mistake that the emulator must find. */
#include "sgq/device.cuh"

/* ---- right ---- */

/* out[warp] = sum of the warp's values: by shuffles down, checked against the butterfly and a ballot. */
extern "C" __global__ void reduce_warp(const int *in, int *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  int value = i < n ? __ldg(in + i) : 0;
  int down = value, butterfly = value;
  for (int delta = 16; delta > 0; delta >>= 1) down += __shfl_down_sync(~0u, down, delta);
  for (int lanes = 16; lanes > 0; lanes >>= 1) butterfly += __shfl_xor_sync(~0u, butterfly, lanes);
  down = __shfl_sync(~0u, down, 0);
  bool same = __all_sync(~0u, down == butterfly) && !__any_sync(~0u, down != butterfly);
  unsigned positive = __ballot_sync(~0u, value > 0);
  unsigned mine = value > 0 ? 1u << (threadIdx.x & 31) : 0;
  for (int lanes = 16; lanes > 0; lanes >>= 1) mine |= __shfl_xor_sync(~0u, mine, lanes);
  if ((threadIdx.x & 31) == 0) out[i / 32] = same && positive == mine ? down : -1;
}

/* *out = sum over all blocks: a tree in shared memory. */
extern "C" __global__ void reduce_block(const float *in, float *out, int n) {
  SGQ_SHARED(float, partial, 256);
  float sum = 0;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) sum += in[i];
  partial[threadIdx.x] = sum;
  __syncthreads();
  for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) partial[threadIdx.x] += partial[threadIdx.x + half];
    __syncthreads();
  }
  if (threadIdx.x == 0) atomicAdd(out, partial[0]);
}

extern "C" __global__ void reverse_dynamic(int *data, int n) {
  SGQ_DYNAMIC_SHARED(int, buffer);
  int i = threadIdx.x;
  if (i < n) buffer[i] = data[i];
  __syncthreads();
  if (i < n) data[i] = buffer[n - 1 - i];
}

extern "C" __global__ void count_atomic(const int *in, unsigned *histogram, unsigned long long *least,
                                        int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  atomicAdd(histogram + (in[i] & 7), 1u);
  atomicMin(least, (unsigned long long)in[i]);
}

extern "C" __global__ void plain(const float *a, const float *b, float *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = fmaf(a[i], 2.0f, b[i]);
}

/* Each half of the first warp waits for itself in a branch of its own; the second warp waits as a whole. */
extern "C" __global__ void half_warps(int *out) {
  int lane = threadIdx.x & 31, value = lane;
  if (threadIdx.x < 16) {
    value += __shfl_xor_sync(0x0000ffffu, value, 1);
  } else if (threadIdx.x < 32) {
    value += __shfl_xor_sync(0xffff0000u, value, 2);
  } else {
    value += __shfl_xor_sync(~0u, value, 16);
  }
  __syncwarp();
  out[threadIdx.x] = value;
}

struct Pair {
  const int *in;
  int *out;
  double factor;
  unsigned char tag;
};

extern "C" __global__ void struct_argument(Pair pair, long long n, float shift) {
  int i = threadIdx.x;
  if (i < n) pair.out[i] = (int)(pair.in[i] * pair.factor + shift) + pair.tag;
}

extern "C" __global__ void nothing() {}

/* ---- wrong ---- */

/* A barrier is missing between the stores and the loads of a neighbour. */
extern "C" __global__ void dropped_barrier(int *out) {
  SGQ_SHARED(int, tile, 256);
  tile[threadIdx.x] = threadIdx.x;
  out[threadIdx.x] = tile[(threadIdx.x + 1) % blockDim.x];
}

extern "C" __global__ void dropped_syncwarp(int *out) {
  SGQ_SHARED(int, tile, 32);
  tile[threadIdx.x] = threadIdx.x;
  out[threadIdx.x] = tile[threadIdx.x ^ 1];
}

extern "C" __global__ void divergent_shuffle(int *out) {
  int value = threadIdx.x;
  if (threadIdx.x < 16) {
    value += __shfl_xor_sync(~0u, value, 1);
  } else {
    value -= __shfl_xor_sync(~0u, value, 1);
  }
  out[threadIdx.x] = value;
}

extern "C" __global__ void divergent_barrier(int *out) {
  if (threadIdx.x < 32) {
    __syncthreads();
    out[threadIdx.x] = 1;
  } else {
    out[threadIdx.x] = 2;
    __syncthreads();
  }
}

/* All wait for the block but thread 40, which waits for its warp. */
extern "C" __global__ void barrier_and_shuffle(int *out) {
  int value = threadIdx.x;
  if (threadIdx.x == 40) value = __shfl_sync(~0u, value, 0);
  __syncthreads();
  out[threadIdx.x] = value;
}

extern "C" __global__ void exited_lane(int *out) {
  if (threadIdx.x == 7) return;
  out[threadIdx.x] = __shfl_xor_sync(~0u, (int)threadIdx.x, 1);
}

/* As exited_lane, but the other lanes wait before lane 31 (or 0) ends, in whatever order they run. */
extern "C" __global__ void exits_while_awaited(int *out) {
  unsigned lane = threadIdx.x;
  __syncwarp();
  if (lane == 15) {
    __syncwarp(1u << 15);
    return;
  }
  out[lane] = __shfl_xor_sync(~0u, (int)lane, 1);
}

extern "C" __global__ void foreign_mask(int *out) {
  out[threadIdx.x] = __shfl_sync(0x0000fffeu, (int)threadIdx.x, 1);
}

extern "C" __global__ void store_at(unsigned char *data, long long offset) {
  if (threadIdx.x == 3) data[offset] = 1;
}

extern "C" __global__ void load_at(const unsigned char *data, long long offset, unsigned char *out) {
  if (threadIdx.x == 3) *out = data[offset];
}

extern "C" __global__ void shared_overrun(int *out, int count) {
  SGQ_SHARED(int, narrow, 30);
  for (int i = threadIdx.x; i < count; i += 32) narrow[i] = i;
  __syncthreads();
  out[threadIdx.x] = narrow[threadIdx.x % 30];
}

extern "C" __global__ void dynamic_overrun(int *out, int index) {
  SGQ_DYNAMIC_SHARED(int, buffer);
  if (threadIdx.x == 5) buffer[index] = 1;
  __syncthreads();
  out[threadIdx.x] = buffer[0];
}

extern "C" __global__ void misaligned_vector(const float *in, float *out, int shift) {
  const float2 *pairs = reinterpret_cast<const float2 *>(in + shift);
  float2 pair = pairs[threadIdx.x];
  out[threadIdx.x] = pair.x + pair.y;
}

extern "C" __global__ void misaligned_hint(const int *in, uint4 *out) {
  __stcs(out + threadIdx.x, __ldg(reinterpret_cast<const uint4 *>(in) + threadIdx.x));
}

extern "C" __global__ void divide(const int *in, int *out) {
  out[threadIdx.x] = 100 / in[threadIdx.x];
}

extern "C" __global__ void wide_shift(unsigned *out, int bits) {
  out[threadIdx.x] = 1u << bits;
}

extern "C" __global__ void wide_cast(const float *in, int *out) {
  out[threadIdx.x] = (int)in[threadIdx.x];
}

extern "C" __global__ void right_cast(const float *in, int *out) {
  out[threadIdx.x] = __float2int_rn(in[threadIdx.x]);
}

extern "C" __global__ void local_index(int *out, int i) {
  int local[4] = {1, 2, 3, 4};
  local[i & 3] = 5;
  out[threadIdx.x] = local[i];
}

extern "C" __global__ void trapped(const int *in) {
  if (in[threadIdx.x] == 0) __trap();
}

__device__ int descend(int depth, volatile int *out) {
  volatile int local[64];
  local[depth & 63] = depth;
  return depth == 0 ? 0 : descend(depth - 1, out) + local[depth & 63] + *out;
}

extern "C" __global__ void recurse(int *out, int depth) {
  out[threadIdx.x] = descend(depth, out);
}

/* Sums shared memory that nobody wrote. */
extern "C" __global__ void unwritten(float *out) {
  SGQ_SHARED(float, never, 32);
  out[threadIdx.x] = never[threadIdx.x];
}
