/* The optimizer and the step it counts: org.sgquant.kernels.ElementwiseOps, constants of AdamStep. */
#include "sgq/packed.cuh"
#include "sgq/quads.cuh"

namespace sgq_optimizer {

/* rate = lr / (1 - b1^t) and correction2 = 1 / (1 - b2^t). */
struct AdamStep {
  float rate;
  float correction2;
};

/* One element: g = grad + decay * p; m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; p -= rate * m / root. */
__device__ __forceinline__ void adam(float &p, float grad, float &m, float &v, float decay,
                                     const AdamStep &step) {
  float g = fmaf(p, decay, grad);
  m = m * (float)0.9 + g * (float)(1 - 0.9);
  v = v * (float)0.999 + g * g * (float)(1 - 0.999);
  float root = sqrtf(v * step.correction2) + (float)1e-8;
  p -= m * step.rate / root;
}

}  // namespace sgq_optimizer

/* One Adam step on a quad per thread, padding included; reports a state whose step is below 1 at `site`. */
extern "C" __global__ void __launch_bounds__(256)
    adam_f32(float *p, const float *grad, float *m, float *v, long long quads, float decay,
             const SgqStepState *state, unsigned long long *error, int site) {
  using namespace sgq_optimizer;
  SGQ_SHARED(AdamStep, step, 1);
  int t = state->step;
  if (t < 1) {
    if (blockIdx.x == 0 && threadIdx.x == 0) sgq_report(error, site, -(long long)t, SGQ_OTHER);
    return;
  }
  if (threadIdx.x == 0) {
    step[0] = {(float)(state->learning_rate / (1 - pow(0.9, (double)t))),
               (float)(1 / (1 - pow(0.999, (double)t)))};
  }
  __syncthreads();
  long long i = sgq_flat_quad(quads);
  if (i < 0) return;
  float4 p4 = sgq_load_quad(p, i);
  float4 g4 = sgq_load_quad(grad, i);
  float4 m4 = sgq_load_quad(m, i);
  float4 v4 = sgq_load_quad(v, i);
  adam(p4.x, g4.x, m4.x, v4.x, decay, step[0]);
  adam(p4.y, g4.y, m4.y, v4.y, decay, step[0]);
  adam(p4.z, g4.z, m4.z, v4.z, decay, step[0]);
  adam(p4.w, g4.w, m4.w, v4.w, decay, step[0]);
  sgq_store_quad(m, i, m4);
  sgq_store_quad(v, i, v4);
  sgq_store_quad(p, i, p4);
}

/* step = step + 1; one thread. */
extern "C" __global__ void __launch_bounds__(32) next_step(SgqStepState *state) {
  if (sgq_thread() == 0) state->step++;
}
