/* Constants into float buffers. */
#include "sgq/device.cuh"

/* out[i] = value for i < n. Any grid covers any n. */
extern "C" __global__ void __launch_bounds__(256) fill_f32(float *out, float value, long long n) {
  long long threads = (long long)gridDim.x * blockDim.x;
  for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += threads) out[i] = value;
}
