/* What the parts of the selftest share: the driver's functions, checks, and short ways to launch. */
#ifndef SGQ_SELFTEST_H
#define SGQ_SELFTEST_H

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "status.h"

using Address = unsigned long long;

extern "C" {
CUresult cuInit(unsigned);
CUresult cuDevicePrimaryCtxRetain(void **, int);
CUresult cuDevicePrimaryCtxRelease_v2(int);
CUresult cuCtxSetCurrent(void *);
CUresult cuCtxGetCurrent(void **);
CUresult cuCtxSynchronize();
CUresult cuCtxCreate_v2(void **, unsigned, int);
CUresult cuCtxDestroy_v2(void *);
CUresult cuDeviceGetAttribute(int *, int, int);
CUresult cuDeviceGetName(char *, int, int);
CUresult cuMemAlloc_v2(Address *, size_t);
CUresult cuMemFree_v2(Address);
CUresult cuMemGetInfo_v2(size_t *, size_t *);
CUresult cuMemcpyHtoD_v2(Address, const void *, size_t);
CUresult cuMemcpyDtoH_v2(void *, Address, size_t);
CUresult cuMemcpyDtoDAsync_v2(Address, Address, size_t, void *);
CUresult cuMemsetD8_v2(Address, unsigned char, size_t);
CUresult cuMemsetD32Async(Address, unsigned, size_t, void *);
CUresult cuModuleLoadData(void **, const void *);
CUresult cuModuleUnload(void *);
CUresult cuModuleGetFunction(void **, void *, const char *);
CUresult cuFuncSetAttribute(void *, int, int);
CUresult cuLaunchKernel(void *, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void *,
                        void **, void **);
CUresult cuStreamCreate(void **, unsigned);
CUresult cuStreamDestroy_v2(void *);
CUresult cuStreamSynchronize(void *);
CUresult cuStreamBeginCapture_v2(void *, int);
CUresult cuStreamEndCapture(void *, void **);
CUresult cuStreamIsCapturing(void *, int *);
CUresult cuStreamWaitEvent(void *, void *, unsigned);
CUresult cuEventCreate(void **, unsigned);
CUresult cuEventDestroy_v2(void *);
CUresult cuEventRecord(void *, void *);
CUresult cuEventQuery(void *);
CUresult cuEventElapsedTime(float *, void *, void *);
CUresult cuMemHostAlloc(void **, size_t, unsigned);
CUresult cuMemFreeHost(void *);
CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int *, void *, int, size_t);
CUresult cuGraphGetNodes(void *, void **, size_t *);
CUresult cuGraphInstantiateWithFlags(void **, void *, unsigned long long);
CUresult cuGraphLaunch(void *, void *);
CUresult cuGraphExecDestroy(void *);
CUresult cuGraphDestroy(void *);
CUresult cuGetErrorName(CUresult, const char **);
CUresult sgq_emulator_report(char *, size_t);
}

#ifdef __SANITIZE_ADDRESS__
constexpr bool SANITIZED = true;
#else
constexpr bool SANITIZED = false;
#endif
const char *const ORDERS[] = {"forward", "reverse", "seed:1", "seed:2", "seed:77"};
inline int checks = 0;
inline int failures = 0;
inline void *module_;

inline void check(bool holds, const std::string &what) {
  checks++;
  if (holds) return;
  failures++;
  printf("FAILED: %s\n", what.c_str());
}

inline void expect(CUresult got, CUresult expected, const std::string &what) {
  check(got == expected, what + ": CUDA error " + std::to_string(got) + " != " + std::to_string(expected));
}

inline std::string report() {
  char text[1024];
  sgq_emulator_report(text, sizeof text);
  return text;
}

/* An array on the device. */
template <class T>
struct Array {
  Address address = 0;
  size_t count;

  explicit Array(size_t count) : count(count) {
    expect(cuMemAlloc_v2(&address, count * sizeof(T)), CUDA_SUCCESS, "cuMemAlloc");
  }
  explicit Array(const std::vector<T> &values) : Array(values.size()) {
    expect(cuMemcpyHtoD_v2(address, values.data(), count * sizeof(T)), CUDA_SUCCESS, "cuMemcpyHtoD");
  }
  ~Array() { cuMemFree_v2(address); }
  Array(const Array &) = delete;
  Array &operator=(const Array &) = delete;

  std::vector<T> values() const {
    std::vector<T> host(count);
    expect(cuMemcpyDtoH_v2(host.data(), address, count * sizeof(T)), CUDA_SUCCESS, "cuMemcpyDtoH");
    return host;
  }
};

template <class T>
Array(const std::vector<T> &) -> Array<T>;

inline void *function(const char *name) {
  void *found = nullptr;
  expect(cuModuleGetFunction(&found, module_, name), CUDA_SUCCESS,
         std::string("cuModuleGetFunction ") + name);
  return found;
}

template <class... Arguments>
CUresult launch(const char *name, unsigned grid, unsigned block, unsigned shared, void *stream,
                Arguments... arguments) {
  void *pointers[] = {&arguments..., nullptr};
  return cuLaunchKernel(function(name), grid, 1, 1, block, 1, 1, shared, stream, pointers, nullptr);
}

inline void in_all_orders(const std::function<void(const std::string &)> &test) {
  for (const char *order : ORDERS) {
    setenv("SGQUANT_EMULATOR_ORDER", order, 1);
    test(std::string(" in order ") + order);
  }
  unsetenv("SGQUANT_EMULATOR_ORDER");
}

/* The last launch must have failed with this error and these words in its report, and is then forgotten. */
inline void expect_failure(const std::string &what, CUresult error,
                           std::initializer_list<const char *> words) {
  expect(cuCtxSynchronize(), error, what);
  for (const char *word : words) {
    check(report().find(word) != std::string::npos, what + ": the report lacks '" + word + "': " + report());
  }
  expect(cuCtxSynchronize(), CUDA_SUCCESS, what + ", afterwards");
}

/* The parts. */
void check_mistakes();
void check_driver(void *context);

#endif
