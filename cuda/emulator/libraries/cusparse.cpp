/*
 * Stand-in for libcusparse.so.12: the functions that sgquant calls, on the CPU. It is stricter than cuSPARSE in
 * two ways: a product must use the buffer that its pattern was prepared with, and none is prepared in a capture.
 */
#include <algorithm>
#include <cmath>
#include <memory>

#include "library.h"

namespace {

using namespace library;

enum Status { SUCCESS = 0, NOT_INITIALIZED = 1, INVALID_VALUE = 3, EXECUTION_FAILED = 6, NOT_SUPPORTED = 10 };

constexpr int VERSION[] = {12, 5, 4};
constexpr int NO_TRANSPOSE = 0, TRANSPOSE = 1;
constexpr int INDEX_32I = 2;
constexpr int COLUMN_ORDER = 1, ROW_ORDER = 2;
constexpr int SPMM_ALG2 = 6, SPMM_ALG3 = 12, SDDMM_DEFAULT = 0;

struct Handle {
  void *stream = nullptr;
};

struct Dense {
  int64_t rows, columns, ld;
  void *values;
  int type, order;

  size_t elements() const {
    if (rows == 0 || columns == 0) return 0;
    return order == ROW_ORDER ? (rows - 1) * ld + columns : (columns - 1) * ld + rows;
  }
  View view() const {
    return order == ROW_ORDER ? View{values, type, (size_t)ld, 1} : View{values, type, 1, (size_t)ld};
  }
};

/* What a pattern was prepared for. */
struct Prepared {
  bool products; /* else samples */
  int64_t width;
  int algorithm;
  const void *buffer;

  bool operator==(const Prepared &) const = default;
};

struct Sparse {
  int64_t rows, columns, entries;
  int *offsets;
  int *indices;
  void *values;
  int type;
  std::vector<Prepared> prepared; /* at most one: the active one */

  /* What is wrong with the pattern; read when work runs. */
  std::string flaw() const {
    if (!on_device(offsets, (rows + 1) * sizeof(int))) return "the row offsets leave their allocation";
    if (!on_device(indices, entries * sizeof(int))) return "the column indices leave their allocation";
    if (!on_device(values, entries * bytes(type))) return "the values leave their allocation";
    if (offsets[0] != 0 || offsets[rows] != entries) return "the row offsets do not run from 0 to the entries";
    for (int64_t i = 0; i < rows; i++)
      if (offsets[i] > offsets[i + 1]) return "the row offsets descend at row " + std::to_string(i);
    for (int64_t e = 0; e < entries; e++)
      if (indices[e] < 0 || indices[e] >= columns) return "entry " + std::to_string(e) + " has no such column";
    return "";
  }
};

std::string multiply(const Sparse &a, const Dense &b, const Dense &c, float alpha, float beta) {
  std::string flaw = a.flaw();
  if (!flaw.empty()) return flaw;
  if (!on_device(b.values, b.elements() * bytes(b.type))) return "operand B leaves its allocation";
  if (!on_device(c.values, c.elements() * sizeof(float))) return "the product leaves its allocation";
  View x = b.view();
  std::vector<float> sums(c.columns);
  for (int64_t i = 0; i < a.rows; i++) {
    std::fill(sums.begin(), sums.end(), 0.0f);
    for (int e = a.offsets[i]; e < a.offsets[i + 1]; e++) {
      float factor = load(a.values, a.type, e);
      for (int64_t j = 0; j < c.columns; j++) sums[j] = std::fma(factor, x.at(a.indices[e], j), sums[j]);
    }
    for (int64_t j = 0; j < c.columns; j++) {
      float &out = static_cast<float *>(c.values)[c.order == ROW_ORDER ? i * c.ld + j : j * c.ld + i];
      out = beta == 0 ? alpha * sums[j] : alpha * sums[j] + beta * out;
    }
  }
  return "";
}

/* `b` is op(B). */
std::string sample(const Dense &a, const Dense &b_matrix, const View &b, const Sparse &c, float alpha, float beta) {
  std::string flaw = c.flaw();
  if (!flaw.empty()) return flaw;
  if (!on_device(a.values, a.elements() * bytes(a.type))) return "operand A leaves its allocation";
  if (!on_device(b.data, b_matrix.elements() * bytes(b.type))) return "operand B leaves its allocation";
  View x = a.view();
  float *out = static_cast<float *>(c.values);
  for (int64_t i = 0; i < c.rows; i++) {
    for (int e = c.offsets[i]; e < c.offsets[i + 1]; e++) {
      float sum = 0;
      for (int64_t k = 0; k < a.columns; k++) sum = std::fma(x.at(i, k), b.at(k, c.indices[e]), sum);
      out[e] = beta == 0 ? alpha * sum : alpha * sum + beta * out[e];
    }
  }
  return "";
}

/* The same type of both operands, fp32 or fp16, results and sums in fp32. */
bool supported(int type_a, int type_b, int type_c, int compute) {
  return type_a == type_b && (type_a == FLOAT32 || type_a == FLOAT16) && type_c == FLOAT32 && compute == FLOAT32;
}

int check_product(Handle *handle, int operation_a, int operation_b, const void *alpha, const Sparse *a, const Dense *b,
                  const void *beta, const Dense *c, int compute, int algorithm) {
  if (handle == nullptr) return NOT_INITIALIZED;
  if (a == nullptr || b == nullptr || c == nullptr || alpha == nullptr || beta == nullptr) return INVALID_VALUE;
  if (operation_a != NO_TRANSPOSE || operation_b != NO_TRANSPOSE) return NOT_SUPPORTED;
  if (algorithm != SPMM_ALG2 && algorithm != SPMM_ALG3) return NOT_SUPPORTED;
  if (!supported(a->type, b->type, c->type, compute)) return NOT_SUPPORTED;
  bool fits = a->columns == b->rows && a->rows == c->rows && b->columns == c->columns;
  return fits ? SUCCESS : INVALID_VALUE;
}

int check_sample(Handle *handle, int operation_a, int operation_b, const void *alpha, const Dense *a, const Dense *b,
                 const void *beta, const Sparse *c, int compute, int algorithm) {
  if (handle == nullptr) return NOT_INITIALIZED;
  if (a == nullptr || b == nullptr || c == nullptr || alpha == nullptr || beta == nullptr) return INVALID_VALUE;
  if (operation_a != NO_TRANSPOSE || algorithm != SDDMM_DEFAULT) return NOT_SUPPORTED;
  if (operation_b != NO_TRANSPOSE && operation_b != TRANSPOSE) return INVALID_VALUE;
  if (!supported(a->type, b->type, c->type, compute)) return NOT_SUPPORTED;
  int64_t depth = operation_b == TRANSPOSE ? b->columns : b->rows;
  int64_t columns = operation_b == TRANSPOSE ? b->rows : b->columns;
  return a->rows == c->rows && columns == c->columns && a->columns == depth ? SUCCESS : INVALID_VALUE;
}

size_t buffer_size(const Sparse &pattern) {
  return sizeof(int) * (size_t)(pattern.rows + 1);
}

/* Makes `buffer` the active one of a pattern; what lies in it then is the library's. */
int prepare(Handle *handle, Sparse *pattern, const Prepared &prepared) {
  if (capturing(handle->stream)) return NOT_SUPPORTED;
  if (!on_device(prepared.buffer, buffer_size(*pattern))) return INVALID_VALUE;
  pattern->prepared = {prepared};
  return SUCCESS;
}

int require_prepared(const Sparse &pattern, const Prepared &prepared) {
  return pattern.prepared.size() == 1 && pattern.prepared[0] == prepared ? SUCCESS : INVALID_VALUE;
}

float scalar(const void *value) {
  return *static_cast<const float *>(value);
}

}  // namespace

LIBRARY_FUNCTION cusparseCreate(Handle **handle) {
  if (handle == nullptr) return INVALID_VALUE;
  *handle = new Handle;
  return SUCCESS;
}

LIBRARY_FUNCTION cusparseDestroy(Handle *handle) {
  delete handle;
  return SUCCESS;
}

LIBRARY_FUNCTION cusparseSetStream(Handle *handle, void *stream) {
  if (handle == nullptr) return NOT_INITIALIZED;
  handle->stream = stream;
  return SUCCESS;
}

/* Part 0, 1 or 2 of the version, without a handle. */
LIBRARY_FUNCTION cusparseGetProperty(int part, int *value) {
  if (part < 0 || part > 2 || value == nullptr) return INVALID_VALUE;
  *value = VERSION[part];
  return SUCCESS;
}

LIBRARY_FUNCTION cusparseCreateCsr(Sparse **matrix, int64_t rows, int64_t columns, int64_t entries, void *offsets,
                                   void *indices, void *values, int offset_type, int index_type, int base, int type) {
  if (matrix == nullptr || rows < 0 || columns < 0 || entries < 0 || base != 0) return INVALID_VALUE;
  if (offsets == nullptr || (entries > 0 && (indices == nullptr || values == nullptr))) return INVALID_VALUE;
  if (offset_type != INDEX_32I || index_type != INDEX_32I || !known(type)) return NOT_SUPPORTED;
  *matrix = new Sparse{rows, columns, entries, static_cast<int *>(offsets), static_cast<int *>(indices), values, type, {}};
  return SUCCESS;
}

LIBRARY_FUNCTION cusparseSpMatSetValues(Sparse *matrix, void *values) {
  if (matrix == nullptr || values == nullptr) return INVALID_VALUE;
  matrix->values = values;
  return SUCCESS;
}

LIBRARY_FUNCTION cusparseDestroySpMat(Sparse *matrix) {
  if (matrix == nullptr) return INVALID_VALUE;
  delete matrix;
  return SUCCESS;
}

LIBRARY_FUNCTION cusparseCreateDnMat(Dense **matrix, int64_t rows, int64_t columns, int64_t ld, void *values, int type,
                                     int order) {
  if (matrix == nullptr || rows < 0 || columns < 0 || values == nullptr) return INVALID_VALUE;
  if (order != COLUMN_ORDER && order != ROW_ORDER) return INVALID_VALUE;
  if (ld < (order == ROW_ORDER ? columns : rows)) return INVALID_VALUE;
  if (!known(type)) return NOT_SUPPORTED;
  *matrix = new Dense{rows, columns, ld, values, type, order};
  return SUCCESS;
}

LIBRARY_FUNCTION cusparseDnMatSetValues(Dense *matrix, void *values) {
  if (matrix == nullptr || values == nullptr) return INVALID_VALUE;
  matrix->values = values;
  return SUCCESS;
}

LIBRARY_FUNCTION cusparseDestroyDnMat(Dense *matrix) {
  if (matrix == nullptr) return INVALID_VALUE;
  delete matrix;
  return SUCCESS;
}

/* ---- sparse times dense ---- */

LIBRARY_FUNCTION cusparseSpMM_bufferSize(Handle *handle, int operation_a, int operation_b, const void *alpha,
                                         const Sparse *a, const Dense *b, const void *beta, const Dense *c, int compute,
                                         int algorithm, size_t *size) {
  if (int status = check_product(handle, operation_a, operation_b, alpha, a, b, beta, c, compute, algorithm))
    return status;
  if (size == nullptr) return INVALID_VALUE;
  *size = buffer_size(*a);
  return SUCCESS;
}

LIBRARY_FUNCTION cusparseSpMM_preprocess(Handle *handle, int operation_a, int operation_b, const void *alpha, Sparse *a,
                                         const Dense *b, const void *beta, const Dense *c, int compute, int algorithm,
                                         void *buffer) {
  if (int status = check_product(handle, operation_a, operation_b, alpha, a, b, beta, c, compute, algorithm))
    return status;
  return prepare(handle, a, {true, b->columns, algorithm, buffer});
}

LIBRARY_FUNCTION cusparseSpMM(Handle *handle, int operation_a, int operation_b, const void *alpha, const Sparse *a,
                              const Dense *b, const void *beta, Dense *c, int compute, int algorithm, void *buffer) {
  if (int status = check_product(handle, operation_a, operation_b, alpha, a, b, beta, c, compute, algorithm))
    return status;
  if (int status = require_prepared(*a, {true, b->columns, algorithm, buffer})) return status;
  auto work = [a = *a, b = *b, c = *c, alpha = scalar(alpha), beta = scalar(beta)] {
    return multiply(a, b, c, alpha, beta);
  };
  return sgq_emulator_submit(handle->stream, "cusparseSpMM", work) == 0 ? SUCCESS : EXECUTION_FAILED;
}

/* ---- sampled dense times dense ---- */

LIBRARY_FUNCTION cusparseSDDMM_bufferSize(Handle *handle, int operation_a, int operation_b, const void *alpha,
                                          const Dense *a, const Dense *b, const void *beta, const Sparse *c, int compute,
                                          int algorithm, size_t *size) {
  if (int status = check_sample(handle, operation_a, operation_b, alpha, a, b, beta, c, compute, algorithm))
    return status;
  if (size == nullptr) return INVALID_VALUE;
  *size = buffer_size(*c);
  return SUCCESS;
}

LIBRARY_FUNCTION cusparseSDDMM_preprocess(Handle *handle, int operation_a, int operation_b, const void *alpha,
                                          const Dense *a, const Dense *b, const void *beta, Sparse *c, int compute,
                                          int algorithm, void *buffer) {
  if (int status = check_sample(handle, operation_a, operation_b, alpha, a, b, beta, c, compute, algorithm))
    return status;
  return prepare(handle, c, {false, a->columns, algorithm, buffer});
}

LIBRARY_FUNCTION cusparseSDDMM(Handle *handle, int operation_a, int operation_b, const void *alpha, const Dense *a,
                               const Dense *b, const void *beta, Sparse *c, int compute, int algorithm, void *buffer) {
  if (int status = check_sample(handle, operation_a, operation_b, alpha, a, b, beta, c, compute, algorithm))
    return status;
  if (int status = require_prepared(*c, {false, a->columns, algorithm, buffer})) return status;
  View operand = b->view();
  if (operation_b == TRANSPOSE) std::swap(operand.row_step, operand.column_step);
  auto work = [a = *a, b = *b, operand, c = *c, alpha = scalar(alpha), beta = scalar(beta)] {
    return sample(a, b, operand, c, alpha, beta);
  };
  return sgq_emulator_submit(handle->stream, "cusparseSDDMM", work) == 0 ? SUCCESS : EXECUTION_FAILED;
}
