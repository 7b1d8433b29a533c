/* What the driver's functions answer, right and wrong calls. */
#include <algorithm>
#include <cstring>
#include <numeric>
#include <thread>

#include "selftest.h"

namespace {

void launches_are_checked() {
  Array<int> out(64);
  expect(launch("nothing", 1, 1025, 0, nullptr), CUDA_ERROR_INVALID_VALUE, "block of 1025");
  expect(launch("half_warps", 1, 65, 0, nullptr, out.address), CUDA_ERROR_INVALID_VALUE,
         "block above the declared");
  expect(launch("nothing", 0, 32, 0, nullptr), CUDA_ERROR_INVALID_VALUE, "empty grid");
  expect(launch("nothing", 1, 32, 49153, nullptr), CUDA_ERROR_INVALID_VALUE,
         "48 KB of shared memory and a byte");
  constexpr int MAX_DYNAMIC_SHARED = 8;
  expect(cuFuncSetAttribute(function("nothing"), MAX_DYNAMIC_SHARED, 232448), CUDA_SUCCESS, "opt-in");
  expect(launch("nothing", 1, 32, 232448, nullptr), CUDA_SUCCESS, "227 KB of shared memory");
  expect(cuFuncSetAttribute(function("nothing"), MAX_DYNAMIC_SHARED, 232449), CUDA_ERROR_INVALID_VALUE,
         "above");
  void *none;
  expect(cuModuleGetFunction(&none, module_, "no_such_kernel"), CUDA_ERROR_NOT_FOUND, "no_such_kernel");
  Address address;
  expect(cuMemAlloc_v2(&address, 1ull << 50), CUDA_ERROR_OUT_OF_MEMORY, "2^50 bytes");
  expect(cuMemcpyHtoD_v2(out.address, &address, 257), CUDA_ERROR_INVALID_VALUE, "copy beyond an allocation");
  expect(cuMemFree_v2(out.address + 4), CUDA_ERROR_INVALID_VALUE, "free inside of an allocation");
}

void errors_wait_for_a_synchronizing_call() {
  Array<int> out(64);
  expect(launch("foreign_mask", 1, 32, 0, nullptr, out.address), CUDA_SUCCESS, "foreign_mask");
  expect(launch("nothing", 1, 32, 0, nullptr), CUDA_ERROR_LAUNCH_FAILED, "launch after a failure");
  expect(launch("nothing", 1, 32, 0, nullptr), CUDA_ERROR_LAUNCH_FAILED, "and another");
  int value;
  expect(cuMemcpyDtoH_v2(&value, out.address, 4), CUDA_ERROR_LAUNCH_FAILED, "copy after a failure");
  expect(cuMemcpyDtoH_v2(&value, out.address, 4), CUDA_SUCCESS, "copy after that");
}

void graphs_replay() {
  void *stream, *graph, *executable;
  expect(cuStreamCreate(&stream, 1), CUDA_SUCCESS, "cuStreamCreate");
  Array in(std::vector<float>{1, 2, 3}), out(std::vector<float>{0, 0, 0}), copy(std::vector<float>{0, 0, 0});
  expect(cuStreamBeginCapture_v2(stream, 1), CUDA_SUCCESS, "cuStreamBeginCapture");
  cuMemsetD32Async(out.address, 0x3f800000, 3, stream);
  expect(launch("plain", 1, 256, 0, stream, in.address, out.address, out.address, 3), CUDA_SUCCESS,
         "captured launch");
  cuMemcpyDtoDAsync_v2(copy.address, out.address, 12, stream);
  expect(cuStreamEndCapture(stream, &graph), CUDA_SUCCESS, "cuStreamEndCapture");
  size_t nodes = 0;
  cuGraphGetNodes(graph, nullptr, &nodes);
  check(nodes == 3, "three nodes are captured");
  check(copy.values() == std::vector<float>({0, 0, 0}), "capturing runs nothing");
  expect(cuGraphInstantiateWithFlags(&executable, graph, 0), CUDA_SUCCESS, "cuGraphInstantiate");
  expect(cuGraphDestroy(graph), CUDA_SUCCESS, "cuGraphDestroy");
  for (float first : {1.0f, 10.0f}) {
    cuMemcpyHtoD_v2(in.address, &first, 4);
    expect(cuGraphLaunch(executable, stream), CUDA_SUCCESS, "cuGraphLaunch");
    expect(cuStreamSynchronize(stream), CUDA_SUCCESS, "cuStreamSynchronize");
    check(copy.values() == std::vector<float>({2 * first + 1, 5, 7}),
          "the graph replays on what memory holds now");
  }
  expect(cuGraphExecDestroy(executable), CUDA_SUCCESS, "cuGraphExecDestroy");
  cuStreamDestroy_v2(stream);
}

struct Stream {
  void *handle = nullptr;
  explicit Stream(unsigned flags = 1) {
    expect(cuStreamCreate(&handle, flags), CUDA_SUCCESS, "cuStreamCreate");
  }
  ~Stream() { expect(cuStreamDestroy_v2(handle), CUDA_SUCCESS, "cuStreamDestroy"); }
  Stream(const Stream &) = delete;
  Stream &operator=(const Stream &) = delete;
};

struct Event {
  void *handle = nullptr;
  Event() { expect(cuEventCreate(&handle, 0), CUDA_SUCCESS, "cuEventCreate"); }
  ~Event() { expect(cuEventDestroy_v2(handle), CUDA_SUCCESS, "cuEventDestroy"); }
  Event(const Event &) = delete;
  Event &operator=(const Event &) = delete;
};

constexpr int GLOBAL = 0, THREAD_LOCAL = 1, RELAXED = 2;

/* Each of these calls is refused in a capture of its thread, and spoils it. */
void captures_refuse() {
  Stream stream;
  Event event;
  Array<int> data(8);
  int host = 0;
  size_t count;
  struct Case {
    const char *name;
    CUresult error;
    std::function<CUresult()> call;
  } cases[] = {
      {"cuStreamSynchronize", CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED,
       [&] { return cuStreamSynchronize(stream.handle); }},
      {"cuCtxSynchronize", CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, [] { return cuCtxSynchronize(); }},
      {"cuMemAlloc", CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED,
       [] {
         Address address;
         return cuMemAlloc_v2(&address, 4);
       }},
      {"cuMemFree", CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, [&] { return cuMemFree_v2(data.address); }},
      {"cuMemcpyDtoH", CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED,
       [&] { return cuMemcpyDtoH_v2(&host, data.address, 4); }},
      {"cuMemcpyHtoD", CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED,
       [&] { return cuMemcpyHtoD_v2(data.address, &host, 4); }},
      {"cuMemsetD8", CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED,
       [&] { return cuMemsetD8_v2(data.address, 0, 4); }},
      {"cuEventQuery of a captured event", CUDA_ERROR_CAPTURED_EVENT,
       [&] {
         cuEventRecord(event.handle, stream.handle);
         return cuEventQuery(event.handle);
       }},
  };
  for (const Case &c : cases) {
    std::string name = std::string(c.name) + " in a capture";
    expect(cuStreamBeginCapture_v2(stream.handle, THREAD_LOCAL), CUDA_SUCCESS, name);
    expect(c.call(), c.error, name);
    int status = 0;
    cuStreamIsCapturing(stream.handle, &status);
    check(status == 2, name + " spoils it");
    expect(launch("nothing", 1, 32, 0, stream.handle), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED,
           name + ", then a launch");
    void *graph = &count;
    expect(cuStreamEndCapture(stream.handle, &graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED,
           name + ", at its end");
    check(graph == nullptr, name + ": no graph");
    expect(cuStreamSynchronize(stream.handle), CUDA_SUCCESS, name + ", afterwards");
  }
  expect(cuStreamBeginCapture_v2(stream.handle, RELAXED), CUDA_SUCCESS, "relaxed capture");
  expect(cuMemcpyDtoH_v2(&host, data.address, 4), CUDA_SUCCESS, "copy in a relaxed capture");
  expect(cuStreamBeginCapture_v2(stream.handle, RELAXED), CUDA_ERROR_ILLEGAL_STATE, "capture in a capture");
  void *graph;
  expect(cuStreamEndCapture(stream.handle, &graph), CUDA_SUCCESS, "end of a relaxed capture");
  expect(cuGraphDestroy(graph), CUDA_SUCCESS, "cuGraphDestroy");
  expect(cuStreamEndCapture(stream.handle, &graph), CUDA_ERROR_ILLEGAL_STATE, "end without begin");
  expect(cuStreamBeginCapture_v2(nullptr, RELAXED), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED,
         "the legacy stream");

  Stream blocking(0);
  expect(cuStreamBeginCapture_v2(blocking.handle, THREAD_LOCAL), CUDA_SUCCESS, "blocking stream");
  expect(launch("nothing", 1, 32, 0, nullptr), CUDA_ERROR_STREAM_CAPTURE_IMPLICIT,
         "legacy beside a blocking stream");
  expect(cuStreamEndCapture(blocking.handle, &graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED,
         "blocking stream");
  {
    Stream abandoned;
    cuStreamBeginCapture_v2(abandoned.handle, GLOBAL);
  }
  expect(cuCtxSynchronize(), CUDA_SUCCESS, "a destroyed stream captures no more");
}

/* Work of a second stream belongs to the capture from an event on, and must be waited for. */
void captures_fork_and_join() {
  Stream origin, other;
  Event fork, join;
  Array data(std::vector<float>{0, 0});
  for (bool joined : {true, false}) {
    expect(cuStreamBeginCapture_v2(origin.handle, THREAD_LOCAL), CUDA_SUCCESS, "fork");
    expect(cuEventRecord(fork.handle, origin.handle), CUDA_SUCCESS, "fork");
    expect(cuStreamWaitEvent(other.handle, fork.handle, 0), CUDA_SUCCESS, "fork");
    expect(cuMemsetD32Async(data.address, 0x40000000, 2, other.handle), CUDA_SUCCESS, "forked work");
    if (joined) {
      expect(cuEventRecord(join.handle, other.handle), CUDA_SUCCESS, "join");
      expect(cuStreamWaitEvent(origin.handle, join.handle, 0), CUDA_SUCCESS, "join");
    }
    void *graph, *executable;
    CUresult expected = joined ? CUDA_SUCCESS : CUDA_ERROR_STREAM_CAPTURE_UNJOINED;
    expect(cuStreamEndCapture(origin.handle, &graph), expected, joined ? "joined" : "unjoined");
    if (!joined) continue;
    expect(cuGraphInstantiateWithFlags(&executable, graph, 0), CUDA_SUCCESS, "forked graph");
    expect(cuGraphLaunch(executable, origin.handle), CUDA_SUCCESS, "forked graph");
    check(data.values()[1] == 2.0f, "forked work runs with the graph");
    cuGraphExecDestroy(executable);
    cuGraphDestroy(graph);
  }
}

void events_and_attributes() {
  Stream stream;
  Event start, end;
  float milliseconds = -1;
  expect(cuEventElapsedTime(&milliseconds, start.handle, end.handle), CUDA_ERROR_INVALID_HANDLE,
         "unrecorded events");
  cuEventRecord(start.handle, stream.handle);
  expect(launch("nothing", 100, 1024, 0, stream.handle), CUDA_SUCCESS, "nothing");
  cuEventRecord(end.handle, stream.handle);
  expect(cuEventElapsedTime(&milliseconds, start.handle, end.handle), CUDA_SUCCESS, "cuEventElapsedTime");
  check(milliseconds > 0, "a launch takes time");
  char name[64];
  expect(cuDeviceGetName(name, sizeof name, 0), CUDA_SUCCESS, "cuDeviceGetName");
  check(strcmp(name, "sgquant emulator (CPU)") == 0, name);
  int value;
  expect(cuDeviceGetAttribute(&value, 75, 0), CUDA_SUCCESS, "compute capability");
  check(value == 9, "compute capability 9");
  expect(cuDeviceGetAttribute(&value, 75, 1), CUDA_ERROR_INVALID_DEVICE, "second device");
  expect(cuOccupancyMaxActiveBlocksPerMultiprocessor(&value, function("plain"), 256, 0), CUDA_SUCCESS,
         "occupancy");
  check(value == 8, "2048 threads of a multiprocessor hold 8 blocks of 256");
  void *memory;
  expect(cuMemHostAlloc(&memory, 100, 0), CUDA_SUCCESS, "cuMemHostAlloc");
  expect(launch("store_at", 1, 32, 0, stream.handle, memory, 5ll), CUDA_SUCCESS, "store to pinned memory");
  expect(cuStreamSynchronize(stream.handle), CUDA_SUCCESS, "store to pinned memory");
  check(static_cast<unsigned char *>(memory)[5] == 1, "a kernel writes pinned memory");
  expect(cuMemFreeHost(memory), CUDA_SUCCESS, "cuMemFreeHost");
  expect(cuMemFreeHost(memory), CUDA_ERROR_INVALID_VALUE, "freed twice");
}

/* Memory goes with its context; images that are none are refused. */
void contexts_and_modules() {
  void *before, *context, *now, *other;
  cuCtxGetCurrent(&before);
  size_t free, total, left;
  cuMemGetInfo_v2(&free, &total);
  expect(cuCtxCreate_v2(&context, 0, 0), CUDA_SUCCESS, "cuCtxCreate");
  Address address;
  expect(cuMemAlloc_v2(&address, 1000), CUDA_SUCCESS, "cuMemAlloc");
  expect(cuCtxDestroy_v2(context), CUDA_SUCCESS, "cuCtxDestroy");
  cuCtxGetCurrent(&now);
  check(now == before, "the context before is current again");
  cuMemGetInfo_v2(&left, &total);
  check(left == free, "a context's memory is freed with it");
  expect(cuCtxDestroy_v2(context), CUDA_ERROR_INVALID_CONTEXT, "destroyed twice");
  expect(cuModuleLoadData(&other, "\1\2\3"), CUDA_ERROR_INVALID_IMAGE, "no image");
  expect(cuModuleLoadData(&other, "// nothing"), CUDA_ERROR_INVALID_PTX, "no PTX");
  expect(cuModuleLoadData(&other, "\x50\xed\x55\xba"), CUDA_SUCCESS, "a fat binary");
  expect(cuModuleUnload(other), CUDA_SUCCESS, "cuModuleUnload");
  expect(cuModuleUnload(other), CUDA_ERROR_INVALID_HANDLE, "unloaded twice");
}

/* All arguments in one buffer, each at its natural alignment. */
void packed_arguments() {
  Array in(std::vector<float>{1, 2, 3}), out(std::vector<float>{0, 0, 0});
  struct {
    Address a, b, out;
    int n;
  } buffer{in.address, in.address, out.address, 3};
  size_t size = sizeof buffer;
  void *extra[] = {(void *)1, &buffer, (void *)2, &size, nullptr};
  CUresult result = cuLaunchKernel(function("plain"), 1, 1, 1, 32, 1, 1, 0, nullptr, nullptr, extra);
  expect(result, CUDA_SUCCESS, "packed arguments");
  check(out.values() == std::vector<float>({3, 6, 9}), "packed arguments");
  size = 20;
  result = cuLaunchKernel(function("plain"), 1, 1, 1, 32, 1, 1, 0, nullptr, nullptr, extra);
  expect(result, CUDA_ERROR_INVALID_VALUE, "packed arguments cut short");
}

/* Several host threads launch and fail at once, each seeing its own results. */
void host_threads(void *context) {
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (int t = 0; t < 4; t++) {
    threads.emplace_back([&wrong, t, context] {
      cuCtxSetCurrent(context);
      for (int round = 0; round < 50; round++) {
        Address data;
        cuMemAlloc_v2(&data, 4000);
        std::vector<int> values(1000), got(1000);
        std::iota(values.begin(), values.end(), t * 1000);
        cuMemcpyHtoD_v2(data, values.data(), 4000);
        void *kernel;
        cuModuleGetFunction(&kernel, module_, "reverse_dynamic");
        int n = 1000;
        void *arguments[] = {&data, &n};
        cuLaunchKernel(kernel, 1, 1, 1, 1024, 1, 1, 4000, nullptr, arguments, nullptr);
        cuMemcpyDtoH_v2(got.data(), data, 4000);
        if (!std::equal(values.rbegin(), values.rend(), got.begin())) wrong[t]++;
        cuMemFree_v2(data);
      }
    });
  }
  for (auto &thread : threads) thread.join();
  check(wrong == std::vector<int>(4), "four host threads at once");
}

}  // namespace

void check_driver(void *context) {
  launches_are_checked();
  errors_wait_for_a_synchronizing_call();
  graphs_replay();
  captures_refuse();
  captures_fork_and_join();
  events_and_attributes();
  contexts_and_modules();
  packed_arguments();
  host_threads(context);
}
