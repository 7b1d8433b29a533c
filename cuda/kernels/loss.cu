/*
 * Softmax and its cross-entropy: org.sgquant.kernels.ElementwiseOps. A thread takes a row, in double and
 * ascending as the hosts do; exp and log are the device's, so results may differ from the hosts' in the last
 * bit.
 */
#include "sgq/packed.cuh"
#include "sgq/quads.cuh"
#include "sgq/reduce.cuh"

namespace sgq_loss {

constexpr int BLOCK = 256;

/* log of the sum of exp(x_j) over a row, the maximum subtracted, and the lowest index of the maximum. */
struct RowSum {
  double log_sum;
  int argmax;

  __device__ __forceinline__ RowSum(const float *x, int cols) : argmax(0) {
    double max = -INFINITY;
    for (int j = 0; j < cols; j++) {
      if (x[j] > max) {
        max = x[j];
        argmax = j;
      }
    }
    double sum = 0;
    for (int j = 0; j < cols; j++) sum += exp(x[j] - max);
    log_sum = max + log(sum);
  }
};

/* out_j = (softmax(x)_j - [j = label]) * factor; label -1 for none. */
__device__ __forceinline__ void write_softmax(const float *x, const RowSum &sum, int cols, int label,
                                              double factor, float *out) {
  for (int j = 0; j < cols; j++) {
    double p = exp(x[j] - sum.log_sum);
    out[j] = (float)((j == label ? p - 1 : p) * factor);
  }
}

/* Adds the threads' losses and numbers of right predictions up and leaves them at index `slot`. */
__device__ __forceinline__ void add_up(double *loss, int *right, int slot, double *losses, int *rights) {
  sgq_fold_block<BLOCK, 16>(loss, [](double p, double q) { return p + q; });
  sgq_fold_block<BLOCK, 16>(right, [](int p, int q) { return p + q; });
  if (threadIdx.x == 0) {
    losses[slot] = loss[0];
    rights[slot] = right[0];
  }
}

}  // namespace sgq_loss

/* out = softmax(x) per row. */
extern "C" __global__ void __launch_bounds__(sgq_loss::BLOCK)
    softmax_f32(const float *x, float *out, int rows, int cols) {
  using namespace sgq_loss;
  int i = (int)sgq_thread();
  if (i >= rows) return;
  long long at = (long long)i * sgq_stride(cols);
  write_softmax(x + at, RowSum(x + at, cols), cols, -1, 1, out + at);
}

/*
 * Losses of this block's nodes into losses[blockIdx.x], right predictions into rights[blockIdx.x], and,
 * unless grad is null, grad_node = (softmax - onehot) / count. A node that is no row is reported under
 * node_site; the least one whose label is no column under label_site, and then *bad_label, at first 0, is the
 * complement of node << 32 | label.
 */
extern "C" __global__ void __launch_bounds__(sgq_loss::BLOCK)
    cross_entropy_f32(const float *logits, int rows, int cols, const int *labels, const int *nodes, int count,
                      float *grad, double *losses, int *rights, unsigned long long *bad_label,
                      unsigned long long *error, int node_site, int label_site) {
  using namespace sgq_loss;
  SGQ_SHARED(double, loss, BLOCK);
  SGQ_SHARED(int, right, BLOCK);
  loss[threadIdx.x] = 0;
  right[threadIdx.x] = 0;
  int n = (int)sgq_thread();
  int node = n < count ? nodes[n] : 0;
  if (n < count && (node < 0 || node >= rows)) {
    sgq_report(error, node_site, (unsigned)node, SGQ_OTHER);
  } else if (n < count && (labels[node] < 0 || labels[node] >= cols)) {
    sgq_report(error, label_site, node, SGQ_OTHER);
    atomicMax(bad_label, ~((unsigned long long)node << 32 | (unsigned)labels[node]));
  } else if (n < count) {
    int label = labels[node];
    const float *x = logits + (long long)node * sgq_stride(cols);
    RowSum sum(x, cols);
    loss[threadIdx.x] = sum.log_sum - x[label];
    right[threadIdx.x] = sum.argmax == label ? 1 : 0;
    if (grad != nullptr) {
      write_softmax(x, sum, cols, label, 1.0 / count, grad + (long long)node * sgq_stride(cols));
    }
  }
  add_up(loss, right, (int)blockIdx.x, losses, rights);
}

/* metrics = (sum of losses / count, sum of rights), both 0 without nodes; one block. */
extern "C" __global__ void __launch_bounds__(sgq_loss::BLOCK)
    cross_entropy_metrics(double *losses, int *rights, int blocks, int count, float *metrics) {
  using namespace sgq_loss;
  SGQ_SHARED(double, loss, BLOCK);
  SGQ_SHARED(int, right, BLOCK);
  double own_loss = 0;
  int own_right = 0;
  for (int i = (int)threadIdx.x; i < blocks; i += BLOCK) {
    own_loss += losses[i];
    own_right += rights[i];
  }
  loss[threadIdx.x] = own_loss;
  right[threadIdx.x] = own_right;
  add_up(loss, right, 0, losses, rights);
  if (threadIdx.x != 0) return;
  metrics[0] = count == 0 ? 0 : (float)(losses[0] / count);
  metrics[1] = (float)rights[0];
}
