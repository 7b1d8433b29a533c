/* Each planted mistake must be told, in every order of threads, and the process goes on. */
#include <cmath>
#include <cstring>

#include "selftest.h"

namespace {

void dropped_barriers() {
  for (const char *name : {"dropped_barrier", "dropped_syncwarp"}) {
    int wrong = 0;
    in_all_orders([&](const std::string &) {
      int block = strcmp(name, "dropped_barrier") == 0 ? 256 : 32;
      Array<int> out(block);
      expect(launch(name, 1, block, 0, nullptr, out.address), CUDA_SUCCESS, name);
      std::vector<int> got = out.values();
      for (int i = 0; i < block; i++) {
        if (got[i] != (block == 256 ? (i + 1) % block : i ^ 1)) {
          wrong++;
          break;
        }
      }
    });
    check(wrong == (int)std::size(ORDERS),
          std::string(name) + " changed a result in " + std::to_string(wrong) + " orders");
  }
  Array<float> out(32);
  expect(launch("unwritten", 1, 32, 0, nullptr, out.address), CUDA_SUCCESS, "unwritten");
  check(std::isnan(out.values()[9]), "unwritten shared memory is NaN");
  Array<float> fresh(5);
  check(std::isnan(fresh.values()[4]), "fresh memory is NaN");
}

void collectives(const std::string &order) {
  Array<int> out(64);
  auto fails = [&](const char *name, unsigned block, std::initializer_list<const char *> words) {
    expect(launch(name, 1, block, 0, nullptr, out.address), CUDA_SUCCESS, name);
    expect_failure(name + order, CUDA_ERROR_LAUNCH_FAILED, words);
    check(report().find(std::string("kernel ") + name) == 0, name + order + ": " + report());
  };
  fails("divergent_shuffle", 32,
        {"divergent collective", "__shfl_xor_sync (cuda/emulator/tests/kernels.cu:"});
  fails("divergent_barrier", 64, {"divergent barrier", "__syncthreads (cuda/emulator/tests/kernels.cu:"});
  fails("barrier_and_shuffle", 64,
        {"deadlock", "thread 40 waits at __shfl_sync", "threads 0-39 wait at __syncthreads"});
  fails("exited_lane", 32, {"lane", "ended"});
  fails("exits_while_awaited", 32, {"lane", "ended"});
  fails("foreign_mask", 32, {"is not in its own mask 0x0000fffe"});
}

void memory_faults(const std::string &order) {
  Array<unsigned char> data(1000), out(1);
  auto store = [&](long long offset, CUresult error, std::initializer_list<const char *> words) {
    expect(launch("store_at", 1, 32, 0, nullptr, data.address, offset), CUDA_SUCCESS, "store_at");
    expect_failure("store_at " + std::to_string(offset) + order, error, words);
  };
  store(999, CUDA_SUCCESS, {});
  store(1000, CUDA_ERROR_ILLEGAL_ADDRESS,
        {"kernel store_at", "0 bytes past the end of the allocation of 1000 bytes"});
  store(1023, CUDA_ERROR_ILLEGAL_ADDRESS, {"23 bytes past the end of the allocation of 1000 bytes"});
  store(1024, CUDA_ERROR_ILLEGAL_ADDRESS,
        {"block (0,0,0), thread (3,0,0): illegal store", "24 bytes past the end",
         "(cuda/emulator/tests/kernels.cu:"});
  store(5000, CUDA_ERROR_ILLEGAL_ADDRESS, {"illegal store"});
  store(-1, CUDA_ERROR_ILLEGAL_ADDRESS, {"1 bytes before the allocation of 1000 bytes"});
  store(-4000, CUDA_ERROR_ILLEGAL_ADDRESS, {"illegal store"});
  expect(launch("load_at", 1, 32, 0, nullptr, data.address, 1000ll, out.address), CUDA_SUCCESS, "load_at");
  if (SANITIZED) {
    expect_failure("near load" + order, CUDA_ERROR_ILLEGAL_ADDRESS,
                   {"READ of size 1", "0 bytes past the end"});
  } else {
    check(out.values()[0] == 0xcb, "a load from behind an allocation reads its canary");
  }
  expect(launch("load_at", 1, 32, 0, nullptr, data.address, 1ll << 36, out.address), CUDA_SUCCESS, "load_at");
  expect_failure("far load" + order, CUDA_ERROR_ILLEGAL_ADDRESS, {"illegal load"});
  expect(launch("store_at", 1, 32, 0, nullptr, (Address)0, 0ll), CUDA_SUCCESS, "store_at");
  expect_failure("null store" + order, CUDA_ERROR_ILLEGAL_ADDRESS, {"null pointer"});
  unsigned char host[1000];
  expect(launch("store_at", 1, 32, 0, nullptr, (void *)host, 0ll), CUDA_SUCCESS, "store_at");
  expect_failure("store to the host" + order, CUDA_ERROR_ILLEGAL_ADDRESS,
                 {"argument 0", "not an address of the device"});

  Address freed;
  cuMemAlloc_v2(&freed, 100);
  cuMemFree_v2(freed);
  expect(launch("store_at", 1, 32, 0, nullptr, freed, 5ll), CUDA_SUCCESS, "store_at");
  expect_failure("store to freed memory" + order, CUDA_ERROR_ILLEGAL_ADDRESS,
                 {"byte 5 of the freed allocation"});

  Array<int> ints(64);
  expect(launch("shared_overrun", 1, 32, 0, nullptr, ints.address, 31), CUDA_SUCCESS, "shared_overrun");
  expect_failure("shared_overrun" + order, CUDA_ERROR_ILLEGAL_ADDRESS,
                 {"kernel shared_overrun", "block (0,0,0)", "byte 120 of shared array narrow of 120 bytes"});
  for (int index : {2, 4, -1}) {
    expect(launch("dynamic_overrun", 1, 32, 8, nullptr, ints.address, index), CUDA_SUCCESS,
           "dynamic_overrun");
    std::string byte = "byte " + std::to_string(4 * index) + " of dynamic shared array buffer of 8 bytes";
    expect_failure("dynamic_overrun" + order, CUDA_ERROR_ILLEGAL_ADDRESS, {"dynamic_overrun", byte.c_str()});
  }
}

void other_faults(const std::string &order) {
  Array<float> in(100), out(100);
  expect(launch("misaligned_vector", 1, 32, 0, nullptr, in.address, out.address, 2), CUDA_SUCCESS, "aligned");
  expect(cuCtxSynchronize(), CUDA_SUCCESS, "aligned float2" + order);
  expect(launch("misaligned_vector", 1, 32, 0, nullptr, in.address, out.address, 1), CUDA_SUCCESS,
         "misaligned");
  expect_failure("misaligned float2" + order, CUDA_ERROR_MISALIGNED_ADDRESS,
                 {"misaligned access", "tests/kernels.cu:", "not a multiple of 8"});
  Array<int> quads(200), target(200);
  expect(launch("misaligned_hint", 1, 32, 0, nullptr, quads.address + 4, target.address), CUDA_SUCCESS,
         "hint");
  expect_failure("misaligned __ldg" + order, CUDA_ERROR_MISALIGNED_ADDRESS, {"not a multiple of 16"});
  expect(launch("misaligned_hint", 1, 32, 0, nullptr, quads.address, target.address + 8), CUDA_SUCCESS,
         "hint");
  expect_failure("misaligned __stcs" + order, CUDA_ERROR_MISALIGNED_ADDRESS, {"not a multiple of 16"});
  cuMemsetD8_v2(quads.address, 0, 800);
  expect(launch("divide", 1, 32, 0, nullptr, quads.address, target.address), CUDA_SUCCESS, "divide");
  expect_failure("divide" + order, CUDA_ERROR_LAUNCH_FAILED, {"divides an integer by zero"});
  expect(launch("trapped", 1, 32, 0, nullptr, quads.address), CUDA_SUCCESS, "trapped");
  expect_failure("trapped" + order, CUDA_ERROR_ILLEGAL_INSTRUCTION,
                 {"__trap (cuda/emulator/tests/kernels.cu:"});
  expect(launch("recurse", 1, 32, 0, nullptr, target.address, 100000), CUDA_SUCCESS, "recurse");
  expect_failure("recurse" + order, CUDA_ERROR_LAUNCH_FAILED, {"overflows its stack"});
}

/* What C++ leaves undefined and CPU and GPU do differently. */
void undefined(const std::string &order) {
  Array<int> out(32);
  expect(launch("wide_shift", 1, 32, 0, nullptr, out.address, 31), CUDA_SUCCESS, "wide_shift");
  expect(cuCtxSynchronize(), CUDA_SUCCESS, "shift by 31" + order);
  expect(launch("wide_shift", 1, 32, 0, nullptr, out.address, 32), CUDA_SUCCESS, "wide_shift");
  expect_failure("shift by 32" + order, CUDA_ERROR_LAUNCH_FAILED,
                 {"shift", "(cuda/emulator/tests/kernels.cu:"});
  for (float far : {3e9f, -3e9f, NAN, INFINITY}) {
    Array in(std::vector<float>(32, far));
    expect(launch("wide_cast", 1, 32, 0, nullptr, in.address, out.address), CUDA_SUCCESS, "wide_cast");
    expect_failure("wide_cast" + order, CUDA_ERROR_LAUNCH_FAILED,
                   {"cast", "(cuda/emulator/tests/kernels.cu:"});
    expect(launch("right_cast", 1, 32, 0, nullptr, in.address, out.address), CUDA_SUCCESS, "right_cast");
    int saturated = std::isnan(far) ? 0 : far > 0 ? INT32_MAX : INT32_MIN;
    check(out.values()[31] == saturated, "right_cast of " + std::to_string(far) + order);
  }
  if (SANITIZED) {
    expect(launch("local_index", 1, 32, 0, nullptr, out.address, 4), CUDA_SUCCESS, "local_index");
    expect_failure("local_index" + order, CUDA_ERROR_LAUNCH_FAILED, {"index beyond a local array"});
  }
}

}  // namespace

void check_mistakes() {
  dropped_barriers();
  in_all_orders(collectives);
  in_all_orders(memory_faults);
  in_all_orders(other_faults);
  in_all_orders(undefined);
}
