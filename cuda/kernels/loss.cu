/*
 * Softmax and the losses over it: org.sgquant.kernels.ElementwiseOps and LossOps. A thread takes a row, in
 * double and ascending as the hosts do; exp and log are the device's, so results may differ from those of the
 * hosts in the last bit.
 */
#include "sgq/packed.cuh"
#include "sgq/quads.cuh"
#include "sgq/reduce.cuh"

namespace sgq_loss {

constexpr int BLOCK = 256;

/*
 * log of the sum of exp(sharpness x_j) over a row, the maximum subtracted, and the lowest index of the
 * maximum. A sharpness is one over a temperature.
 */
struct RowSum {
  double sharpness;
  double log_sum;
  int argmax;

  __device__ __forceinline__ RowSum(const float *x, int cols, double sharpness = 1)
      : sharpness(sharpness), argmax(0) {
    double max = -INFINITY;
    for (int j = 0; j < cols; j++) {
      if (x[j] > max) {
        max = x[j];
        argmax = j;
      }
    }
    double sum = 0;
#pragma unroll 1
    for (int j = 0; j < cols; j++) sum += exp(sharpness * (x[j] - max));
    log_sum = sharpness * max + log(sum);
  }

  /* -log softmax of an element of the row. */
  __device__ __forceinline__ double loss(float x) const {
    return log_sum - sharpness * x;
  }

  __device__ __forceinline__ double probability(float x) const {
    return exp(-loss(x));
  }
};

/* out_j = (softmax(x)_j - [j = label]) * factor; label -1 for none. */
__device__ __forceinline__ void write_softmax(const float *x, const RowSum &sum, int cols, int label,
                                              double factor, float *out) {
#pragma unroll 1
  for (int j = 0; j < cols; j++) {
    double p = sum.probability(x[j]);
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

/* The plain cross-entropy of a node: its loss and, unless grad is null, the gradient times factor. */
struct Plain {
  __device__ __forceinline__ double operator()(const float *x, const RowSum &sum, int cols, int label,
                                               double factor, float *grad) const {
    if (grad != nullptr) write_softmax(x, sum, cols, label, factor, grad);
    return sum.loss(x[label]);
  }
};

/* The same corrected for noisy labels: by the noise matrix forward, else by its inverse. */
struct Corrected {
  const float *matrix;
  bool forward;

  __device__ __forceinline__ double operator()(const float *x, const RowSum &sum, int cols, int label,
                                               double factor, float *grad) const {
    long long stride = sgq_stride(cols);
    double mixed = 0, share = 0;
    for (int k = 0; k < cols; k++) {
      double m = matrix[forward ? k * stride + label : label * stride + k];
      mixed += m * (forward ? sum.probability(x[k]) : sum.loss(x[k]));
      share += m;
    }
    for (int j = 0; grad != nullptr && j < cols; j++) {
      double m = matrix[forward ? j * stride + label : label * stride + j];
      double p = sum.probability(x[j]);
      grad[j] = (float)((forward ? p * (1 - m / mixed) : share * p - m) * factor);
    }
    return forward ? -log(mixed) : mixed;
  }
};

/*
 * Losses of this block's nodes into losses[blockIdx.x], right predictions into rights[blockIdx.x], and,
 * unless grad is null, the gradients of loss / count. A node that is no row is reported under node_site; the
 * least one whose label is no column under label_site, and then *bad_label, at first 0, is the complement of
 * node << 32 | label.
 */
template <typename Loss>
__device__ __forceinline__ void node_losses(Loss loss_of, const float *logits, int rows, int cols,
                                            const int *labels, const int *nodes, int count, float *grad,
                                            double *losses, int *rights, unsigned long long *bad_label,
                                            unsigned long long *error, int node_site, int label_site) {
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
    long long at = (long long)node * sgq_stride(cols);
    RowSum sum(logits + at, cols);
    right[threadIdx.x] = sum.argmax == label ? 1 : 0;
    float *own_grad = grad == nullptr ? grad : grad + at;
    loss[threadIdx.x] = loss_of(logits + at, sum, cols, label, 1.0 / count, own_grad);
  }
  add_up(loss, right, (int)blockIdx.x, losses, rights);
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

/* Cross-entropy of the nodes. */
extern "C" __global__ void __launch_bounds__(sgq_loss::BLOCK)
    cross_entropy_f32(const float *logits, int rows, int cols, const int *labels, const int *nodes, int count,
                      float *grad, double *losses, int *rights, unsigned long long *bad_label,
                      unsigned long long *error, int node_site, int label_site) {
  using namespace sgq_loss;
  node_losses(Plain(), logits, rows, cols, labels, nodes, count, grad, losses, rights, bad_label, error,
              node_site, label_site);
}

/* The same corrected for label noise by matrix, cols x cols: T where forward, else its inverse. */
extern "C" __global__ void __launch_bounds__(sgq_loss::BLOCK)
    corrected_cross_entropy_f32(const float *matrix, int forward, const float *logits, int rows, int cols,
                                const int *labels, const int *nodes, int count, float *grad, double *losses,
                                int *rights, unsigned long long *bad_label, unsigned long long *error,
                                int node_site, int label_site) {
  using namespace sgq_loss;
  node_losses(Corrected{matrix, forward != 0}, logits, rows, cols, labels, nodes, count, grad, losses, rights,
              bad_label, error, node_site, label_site);
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

/*
 * grad = (1 - w) label_grad + w T (softmax(logits / T) - softmax(teacher / T)) / rows, a thread per row; the
 * sum of KL(teacher || logits) of this block's rows into losses[blockIdx.x].
 */
extern "C" __global__ void __launch_bounds__(sgq_loss::BLOCK, 1)
    distill_f32(const float *logits, const float *teacher, int rows, int cols, float temperature,
                float weight, const float *label_grad, float *grad, double *losses) {
  using namespace sgq_loss;
  SGQ_SHARED(double, loss, BLOCK);
  loss[threadIdx.x] = 0;
  int i = (int)sgq_thread();
  if (i < rows) {
    long long at = (long long)i * sgq_stride(cols);
    double sharpness = 1.0 / temperature;
    double factor = (double)weight * temperature / rows;
    RowSum p(teacher + at, cols, sharpness);
    RowSum q(logits + at, cols, sharpness);
    double divergence = 0;
#pragma unroll 1
    for (int j = 0; j < cols; j++) {
      float z = logits[at + j];
      float t = teacher[at + j];
      double target = p.probability(t);
      divergence += target * (q.loss(z) - p.loss(t));
      grad[at + j] = (float)((1.0 - weight) * label_grad[at + j] + factor * (q.probability(z) - target));
    }
    loss[threadIdx.x] = divergence;
  }
  sgq_fold_block<BLOCK, 16>(loss, [](double a, double b) { return a + b; });
  if (threadIdx.x == 0) losses[blockIdx.x] = loss[0];
}

/* metrics_0 = (1 - w) metrics_0 + w T^2 (sum of losses) / rows; one block. */
extern "C" __global__ void __launch_bounds__(sgq_loss::BLOCK)
    distill_metrics(const double *losses, int blocks, int rows, float temperature, float weight,
                    float *metrics) {
  using namespace sgq_loss;
  SGQ_SHARED(double, loss, BLOCK);
  double own = 0;
  for (int i = (int)threadIdx.x; i < blocks; i += BLOCK) own += losses[i];
  loss[threadIdx.x] = own;
  sgq_fold_block<BLOCK, 16>(loss, [](double a, double b) { return a + b; });
  if (threadIdx.x != 0) return;
  double mean = rows == 0 ? 0 : (double)temperature * temperature * loss[0] / rows;
  metrics[0] = (float)((1.0 - weight) * metrics[0] + weight * mean);
}
