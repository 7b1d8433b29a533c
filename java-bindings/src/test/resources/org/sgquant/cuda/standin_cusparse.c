/* Some functions of cuSPARSE MAJOR, on host memory. */

int cusparseGetProperty(int part, int *value) {
  int version[] = {MAJOR, 1, 2};
  *value = version[part];
  return 0;
}

int cusparseCreate(void **handle) { *handle = (void *)0x5ba5; return 0; }

/* Not what cuSPARSE does: writes what it was told, a float by value among it. */
int cusparseSpruneCsr2csrByPercentage(void *handle, int m, int n, int nnz, void *descrA, const float *valA,
                                      const int *rowsA, const int *columnsA, float percentage, void *descrC, float *valC,
                                      const int *rowsC, int *columnsC, void *info, void *buffer) {
  valC[0] = percentage;
  valC[1] = valA[0];
  columnsC[0] = m;
  columnsC[1] = n;
  columnsC[2] = nnz;
  columnsC[3] = rowsA[0] + columnsA[0] + rowsC[0] + *(int *)buffer;
  return handle != (void *)0x5ba5;
}
