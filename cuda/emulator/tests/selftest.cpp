/*
 * Shows that the emulator finds what it says it finds, through the driver's own functions: right kernels give
 * right results in all orders, each planted mistake is told, and the process goes on.
 */
#include "selftest.h"

#include <algorithm>
#include <chrono>
#include <numeric>

namespace {

void right_kernels(const std::string &order) {
  constexpr int n = 1000;
  std::vector<int> numbers(n);
  for (int i = 0; i < n; i++) numbers[i] = (i * 7919) % 31 - 10;
  Array in(numbers);
  Array<int> sums(32);
  expect(launch("reduce_warp", 4, 256, 0, nullptr, in.address, sums.address, n), CUDA_SUCCESS, "reduce_warp");
  std::vector<int> got = sums.values();
  for (int w = 0; w < 32; w++) {
    int sum =
        std::accumulate(numbers.begin() + std::min(n, 32 * w), numbers.begin() + std::min(n, 32 * w + 32), 0);
    check(got[w] == sum, "reduce_warp" + order);
  }

  Array floats(std::vector<float>(numbers.begin(), numbers.end()));
  Array total(std::vector<float>{0});
  expect(launch("reduce_block", 3, 256, 0, nullptr, floats.address, total.address, n), CUDA_SUCCESS,
         "reduce_block");
  check(total.values()[0] == (float)std::accumulate(numbers.begin(), numbers.end(), 0),
        "reduce_block" + order);

  Array mirrored(numbers);
  expect(launch("reverse_dynamic", 1, 1024, n * 4, nullptr, mirrored.address, n), CUDA_SUCCESS,
         "reverse_dynamic");
  std::vector<int> mirror(numbers.rbegin(), numbers.rend());
  check(mirrored.values() == mirror, "reverse_dynamic" + order);

  std::vector<unsigned> histogram(8);
  for (int &number : numbers) {
    number += 10;
    histogram[number & 7]++;
  }
  Array shifted(numbers);
  Array<unsigned> counts(8);
  Array least(std::vector<unsigned long long>{~0ull});
  cuMemsetD8_v2(counts.address, 0, 32);
  expect(launch("count_atomic", 4, 256, 0, nullptr, shifted.address, counts.address, least.address, n),
         CUDA_SUCCESS, "count_atomic");
  check(counts.values() == histogram && least.values()[0] == 0, "count_atomic" + order);

  Array<int> halves(64);
  expect(launch("half_warps", 1, 64, 0, nullptr, halves.address), CUDA_SUCCESS, "half_warps");
  got = halves.values();
  check(got[3] == 3 + 2 && got[17] == 17 + 19 && got[32] == 0 + 16, "half_warps" + order);

  struct {
    Address in, out;
    double factor;
    unsigned char tag;
  } pair{shifted.address, halves.address, 2.5, 7};
  expect(launch("struct_argument", 1, 32, 0, nullptr, pair, 20ll, 0.5f), CUDA_SUCCESS, "struct_argument");
  check(halves.values()[11] == (int)(numbers[11] * 2.5 + 0.5) + 7, "struct_argument" + order);
  expect(cuCtxSynchronize(), CUDA_SUCCESS, "right kernels" + order);
}

double nanoseconds(const std::function<void()> &action) {
  action();
  auto start = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
}

void print_costs() {
  constexpr int n = 1 << 22;
  Array<float> a(n), b(n), out(n);
  Array<int> in(n), sums(n / 32);
  for (Address address : {a.address, b.address, out.address, in.address}) cuMemsetD8_v2(address, 0, 4 * n);
  double plain =
      nanoseconds([&] { launch("plain", n / 256, 256, 0, nullptr, a.address, b.address, out.address, n); });
  double warp =
      nanoseconds([&] { launch("reduce_warp", n / 256, 256, 0, nullptr, in.address, sums.address, n); });
  double block =
      nanoseconds([&] { launch("reduce_block", n / 256, 256, 0, nullptr, a.address, out.address, n); });
  expect(cuCtxSynchronize(), CUDA_SUCCESS, "costs");
  constexpr int COLLECTIVES = 19, BARRIERS = 9;
  printf("thread without waits %.1f ns, lane of a warp collective %.1f ns, thread at a barrier %.1f ns\n",
         plain / n, (warp - plain) / n / COLLECTIVES, (block - plain) / n / BARRIERS);
}

}  // namespace

int main() {
  expect(cuInit(0), CUDA_SUCCESS, "cuInit");
  void *context;
  expect(cuDevicePrimaryCtxRetain(&context, 0), CUDA_SUCCESS, "cuDevicePrimaryCtxRetain");
  expect(cuCtxSetCurrent(context), CUDA_SUCCESS, "cuCtxSetCurrent");
  expect(cuModuleLoadData(&module_, ".version 8.0"), CUDA_SUCCESS, "cuModuleLoadData");

  in_all_orders(right_kernels);
  check_mistakes();
  check_driver(context);
  size_t free, total;
  cuMemGetInfo_v2(&free, &total);
  check(free == total, "all memory is freed");
  print_costs();
  expect(cuModuleUnload(module_), CUDA_SUCCESS, "cuModuleUnload");
  expect(cuDevicePrimaryCtxRelease_v2(0), CUDA_SUCCESS, "cuDevicePrimaryCtxRelease");

  if (failures > 0) {
    printf("%d of %d checks failed\n", failures, checks);
    return 1;
  }
  printf("ok %d checks\n", checks);
  return 0;
}
