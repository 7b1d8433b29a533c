/*
 * Stand-in for libcublas.so.12: the functions that sgquant calls, on the CPU. It refuses what cuBLAS refuses,
 * and a product in a capture without a workspace of the caller, for which cuBLAS would have to allocate.
 */
#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>
#include <unordered_set>

#include "library.h"

namespace {

using namespace library;

enum Status { SUCCESS = 0, NOT_INITIALIZED = 1, ALLOC_FAILED = 3, INVALID_VALUE = 7, EXECUTION_FAILED = 13, NOT_SUPPORTED = 15 };

constexpr int VERSION[] = {12, 6, 3};
constexpr int NO_TRANSPOSE = 0, TRANSPOSE = 1;
constexpr int COMPUTE_32F = 68;
constexpr int DEFAULT_MATH = 0, PEDANTIC_MATH = 2, TF32_TENSOR_OP_MATH = 3;
constexpr uintptr_t WORKSPACE_ALIGNMENT = 256;

struct Handle {
  void *stream = nullptr;
  void *workspace = nullptr;
  int math = DEFAULT_MATH;
};

std::mutex mutex;

std::unordered_set<Handle *> &handles() {
  static auto &set = *new std::unordered_set<Handle *>;
  return set;
}

bool live(Handle *handle) {
  std::lock_guard lock(mutex);
  return handles().count(handle) != 0;
}

/* The 10 bits of fraction that tensor cores may read of a float: the others are cut off. */
float tf32(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  if (!std::isfinite(x)) return x;
  return from_bits(bits & ~0x1fffu);
}

/* op(X) of a column-major matrix whose columns are `ld` apart. */
View view(const void *data, int type, int ld, int operation) {
  size_t step = (size_t)ld;
  return operation == NO_TRANSPOSE ? View{data, type, 1, step} : View{data, type, step, 1};
}

struct Product {
  int rows, columns, depth;
  View a, b;
  size_t a_elements, b_elements, c_elements;
  float alpha, beta;
  bool rounds;
  float *c;
  size_t ldc;

  float operand(const View &x, size_t row, size_t column) const {
    float value = x.at(row, column);
    return rounds ? tf32(value) : value;
  }

  std::string run() const {
    if (!on_device(a.data, a_elements * bytes(a.type))) return "operand A leaves its allocation";
    if (!on_device(b.data, b_elements * bytes(b.type))) return "operand B leaves its allocation";
    if (!on_device(c, c_elements * sizeof(float))) return "the product leaves its allocation";
    std::vector<float> left((size_t)rows * depth), sums(rows);
    for (int k = 0; k < depth; k++)
      for (int i = 0; i < rows; i++) left[(size_t)k * rows + i] = operand(a, i, k);
    for (int j = 0; j < columns; j++) {
      std::fill(sums.begin(), sums.end(), 0.0f);
      for (int k = 0; k < depth; k++) {
        float factor = operand(b, k, j);
        const float *column = &left[(size_t)k * rows];
        for (int i = 0; i < rows; i++) sums[i] = std::fma(column[i], factor, sums[i]);
      }
      for (int i = 0; i < rows; i++) {
        float &out = c[(size_t)j * ldc + i];
        out = beta == 0 ? alpha * sums[i] : alpha * sums[i] + beta * out;
      }
    }
    return "";
  }
};

/* Elements from the first to the last of a column-major matrix. */
size_t elements(int rows, int columns, int ld) {
  return rows == 0 || columns == 0 ? 0 : (size_t)(columns - 1) * ld + rows;
}

}  // namespace

LIBRARY_FUNCTION cublasCreate_v2(Handle **handle) {
  if (handle == nullptr) return INVALID_VALUE;
  *handle = new Handle;
  std::lock_guard lock(mutex);
  handles().insert(*handle);
  return SUCCESS;
}

LIBRARY_FUNCTION cublasDestroy_v2(Handle *handle) {
  std::lock_guard lock(mutex);
  if (handles().erase(handle) == 0) return NOT_INITIALIZED;
  delete handle;
  return SUCCESS;
}

/* Takes the workspace away again, as cuBLAS does. */
LIBRARY_FUNCTION cublasSetStream_v2(Handle *handle, void *stream) {
  if (!live(handle)) return NOT_INITIALIZED;
  handle->stream = stream;
  handle->workspace = nullptr;
  return SUCCESS;
}

LIBRARY_FUNCTION cublasSetWorkspace_v2(Handle *handle, void *workspace, size_t size) {
  if (!live(handle)) return NOT_INITIALIZED;
  if (reinterpret_cast<uintptr_t>(workspace) % WORKSPACE_ALIGNMENT != 0) return INVALID_VALUE;
  if (workspace == nullptr || !on_device(workspace, size)) return INVALID_VALUE;
  handle->workspace = workspace;
  return SUCCESS;
}

/* Part 0, 1 or 2 of the version, without a handle. */
LIBRARY_FUNCTION cublasGetProperty(int part, int *value) {
  if (part < 0 || part > 2 || value == nullptr) return INVALID_VALUE;
  *value = VERSION[part];
  return SUCCESS;
}

LIBRARY_FUNCTION cublasSetMathMode(Handle *handle, int math) {
  if (!live(handle)) return NOT_INITIALIZED;
  if (math != DEFAULT_MATH && math != PEDANTIC_MATH && math != TF32_TENSOR_OP_MATH) return INVALID_VALUE;
  handle->math = math;
  return SUCCESS;
}

/* JCuda's natives ask for it in every product. */
LIBRARY_FUNCTION cublasGetMathMode(Handle *handle, int *math) {
  if (!live(handle)) return NOT_INITIALIZED;
  *math = handle->math;
  return SUCCESS;
}

LIBRARY_FUNCTION cublasGemmEx(Handle *handle, int operation_a, int operation_b, int m, int n, int k, const void *alpha,
                              const void *a, int type_a, int lda, const void *b, int type_b, int ldb, const void *beta,
                              void *c, int type_c, int ldc, int compute, int) {
  if (!live(handle)) return NOT_INITIALIZED;
  if (operation_a < NO_TRANSPOSE || operation_a > TRANSPOSE || operation_b < NO_TRANSPOSE || operation_b > TRANSPOSE)
    return INVALID_VALUE;
  if (m < 0 || n < 0 || k < 0 || alpha == nullptr || beta == nullptr) return INVALID_VALUE;
  int rows_a = operation_a == NO_TRANSPOSE ? m : k, rows_b = operation_b == NO_TRANSPOSE ? k : n;
  if (lda < std::max(1, rows_a) || ldb < std::max(1, rows_b) || ldc < std::max(1, m)) return INVALID_VALUE;
  if (!known(type_a) || type_a != type_b || type_c != FLOAT32) return NOT_SUPPORTED;
  if (compute != COMPUTE_32F) return NOT_SUPPORTED;
  bool rounds = handle->math == TF32_TENSOR_OP_MATH && type_a == FLOAT32;
  if (m == 0 || n == 0) return SUCCESS;
  if (c == nullptr || (k > 0 && (a == nullptr || b == nullptr))) return INVALID_VALUE;
  if (handle->workspace == nullptr && capturing(handle->stream)) return ALLOC_FAILED;
  Product product{
      m, n, k, view(a, type_a, lda, operation_a), view(b, type_b, ldb, operation_b),
      operation_a == NO_TRANSPOSE ? elements(m, k, lda) : elements(k, m, lda),
      operation_b == NO_TRANSPOSE ? elements(k, n, ldb) : elements(n, k, ldb),
      elements(m, n, ldc), *static_cast<const float *>(alpha), *static_cast<const float *>(beta), rounds,
      static_cast<float *>(c), (size_t)ldc};
  int error = sgq_emulator_submit(handle->stream, "cublasGemmEx", [product] { return product.run(); });
  return error == 0 ? SUCCESS : EXECUTION_FAILED;
}
