/* The one function of cuSPARSE of CUDA MAJOR that needs no device. */

int cusparseGetProperty(int part, int *value) {
  int version[] = {MAJOR, 1, 2};
  *value = version[part];
  return 0;
}
