/* Some functions of cuBLAS MAJOR, on host memory. */

int cublasGetProperty(int part, int *value) {
  int version[] = {MAJOR, 1, 2};
  *value = version[part];
  return 0;
}

int cublasCreate_v2(void **handle) { *handle = (void *)0xb1a5; return 0; }

int cublasGetVersion_v2(void *handle, int *version) {
  *version = MAJOR * 10000 + 102;
  return handle != (void *)0xb1a5;
}

/* C = alpha op(A) op(B) + beta C, columns first; op transposes where 1. */
int cublasSgemm_v2(void *handle, int transA, int transB, int m, int n, int k, const float *alpha, const float *A, int lda,
                   const float *B, int ldb, const float *beta, float *C, int ldc) {
  for (int j = 0; j < n; j++)
    for (int i = 0; i < m; i++) {
      float sum = 0;
      for (int p = 0; p < k; p++) sum += A[transA ? p + i * lda : i + p * lda] * B[transB ? j + p * ldb : p + j * ldb];
      C[i + j * ldc] = *alpha * sum + *beta * C[i + j * ldc];
    }
  return handle != (void *)0xb1a5;
}
