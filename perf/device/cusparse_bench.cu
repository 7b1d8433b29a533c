/*
 * Times cuSPARSE's sums over neighbours, C = A X with A of ones, on a graph folder, and what copies reach.
 *
 *   nvcc -O2 -std=c++17 -o cusparse_bench cusparse_bench.cu -lcusparse
 *   cusparse_bench GRAPH LINES [--quick]
 *
 * GRAPH holds rowptr.i32, colidx.i32 and graph.json of org.sgquant.perf.workload.GraphFolder; a JSON line per
 * measurement is appended to LINES (org.sgquant.perf.device.Line). cuSPARSE as one uses it for many sums on a
 * graph: CSR, 32-bit indices, row-major X and C, CSR_ALG2, descriptors and workspace made once, preprocess called
 * once; fp16 computes in fp32. Timed like our own kernels: warm-up, then samples of at least a millisecond.
 */
#include <cuda_fp16.h>
#include <cuda_runtime.h>
#include <cusparse.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

static void require(bool holds, const std::string &what) {
  if (holds) return;
  std::fprintf(stderr, "cusparse_bench: %s\n", what.c_str());
  std::exit(1);
}

static void check(cudaError_t status, const char *call) {
  require(status == cudaSuccess, std::string(call) + ": " + cudaGetErrorString(status));
}

static void check(cusparseStatus_t status, const char *call) {
  require(status == CUSPARSE_STATUS_SUCCESS, std::string(call) + ": " + cusparseGetErrorString(status));
}

#define CHECK(call) check(call, #call)

/* Device memory, freed with its owner. */
template <typename T> struct Buffer {
  T *data = nullptr;
  explicit Buffer(size_t count) { CHECK(cudaMalloc(&data, std::max<size_t>(count, 1) * sizeof(T))); }
  Buffer(const Buffer &) = delete;
  Buffer &operator=(const Buffer &) = delete;
  ~Buffer() { cudaFree(data); }
};

struct Graph {
  std::string name;
  int nodes = 0, edges = 0;
  std::vector<int> widths, row_ptr, col_idx;
};

static std::string text_of(const std::string &file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  require(in.good() && !text.str().empty(), file + " cannot be read");
  return text.str();
}

/* What follows "key": in a flat JSON document. */
static std::string value_of(const std::string &json, const std::string &key) {
  size_t at = json.find("\"" + key + "\"");
  require(at != std::string::npos, "graph.json lacks " + key);
  at = json.find(':', at) + 1;
  size_t start = json.find_first_not_of(" \"[", at);
  return json.substr(start, json.find_first_of(json.find('[', at) < start ? "]" : ",\"\n}", start) - start);
}

static std::vector<int> ints_of(const std::string &file, size_t count) {
  std::vector<int> values(count);
  std::ifstream in(file, std::ios::binary);
  in.read(reinterpret_cast<char *>(values.data()), (std::streamsize)(count * sizeof(int)));
  require(in.good(), file + " holds fewer than " + std::to_string(count) + " numbers");
  return values;
}

static Graph read_graph(const std::string &folder) {
  std::string json = text_of(folder + "/graph.json");
  Graph g;
  g.name = value_of(json, "graph");
  g.nodes = std::stoi(value_of(json, "nodes"));
  g.edges = std::stoi(value_of(json, "edges"));
  std::stringstream widths(value_of(json, "widths"));
  for (std::string width; std::getline(widths, width, ',');) g.widths.push_back(std::stoi(width));
  g.row_ptr = ints_of(folder + "/rowptr.i32", (size_t)g.nodes + 1);
  g.col_idx = ints_of(folder + "/colidx.i32", (size_t)g.edges);
  return g;
}

struct Times {
  double median, lower, upper;
  int samples, calls;
};

/* The sampling of org.sgquant.perf.device.Sampler: same warm-up, samples and limits. */
struct Sampler {
  int warm_up = 50, samples = 200;
  double seconds = 1;
  cudaEvent_t start, end;

  Sampler(bool quick) {
    if (quick) warm_up = 2, samples = 5, seconds = 0;
    CHECK(cudaEventCreate(&start));
    CHECK(cudaEventCreate(&end));
  }

  double milliseconds(const std::function<void()> &call, int calls) {
    CHECK(cudaEventRecord(start));
    for (int i = 0; i < calls; i++) call();
    CHECK(cudaEventRecord(end));
    CHECK(cudaEventSynchronize(end));
    float ms = 0;
    CHECK(cudaEventElapsedTime(&ms, start, end));
    return ms;
  }

  Times measure(const std::function<void()> &call) {
    milliseconds(call, 2);
    double once = milliseconds(call, 1), spent = once;
    for (int i = 3; i < warm_up && spent < seconds * 1e3 / 3; i++) {
      once = std::min(once, milliseconds(call, 1));
      spent += once;
    }
    int calls = (int)std::min(std::max(std::ceil(1 / once), 1.0), (double)std::min(200, 4 * samples));
    std::vector<double> times;
    for (spent = 0; (int)times.size() < samples && (times.size() < 5 || spent < seconds * 1e3);) {
      double sample = milliseconds(call, calls);
      times.push_back(sample / calls);
      spent += sample;
    }
    std::sort(times.begin(), times.end());
    size_t n = times.size();
    return {times[n / 2], times[n / 4], times[n - 1 - n / 4], (int)n, calls};
  }
};

/* Appends lines, and shows them. */
struct Lines {
  std::ofstream out;

  explicit Lines(const std::string &file) : out(file, std::ios::app) {
    require(out.good(), file + " cannot be written");
  }

  void put(const std::string &line) {
    out << line << std::endl;
    std::puts(line.c_str());
  }

  static std::string times(const Times &t) {
    char text[256];
    std::snprintf(text, sizeof text,
                  "\"times\":{\"median\":%.9g,\"lowerQuartile\":%.9g,\"upperQuartile\":%.9g,\"samples\":%d,"
                  "\"callsPerSample\":%d}",
                  t.median, t.lower, t.upper, t.samples, t.calls);
    return text;
  }

  void machine(const std::string &text) {
    put("{\"kind\":\"MACHINE\",\"by\":\"cusparse\",\"text\":\"" + text + "\"}");
  }

  void copy(const char *by, const Times &t, double bytes) {
    char text[64];
    std::snprintf(text, sizeof text, ",\"bytes\":%.9g}", bytes);
    put(std::string("{\"kind\":\"COPY\",\"by\":\"") + by + "\"," + times(t) + text);
  }

  void time(const Graph &g, const char *type, int columns, const Times &t, double bytes, double error) {
    char subject[256], rest[96];
    std::snprintf(subject, sizeof subject,
                  "\"subject\":{\"graph\":\"%s\",\"nodes\":%d,\"edges\":%d,\"operation\":\"spmm\","
                  "\"type\":\"%s\",\"columns\":%d},",
                  g.name.c_str(), g.nodes, g.edges, type, columns);
    std::snprintf(rest, sizeof rest, ",\"bytes\":%.9g,\"worstError\":%.3g}", bytes, error);
    put("{\"kind\":\"TIME\",\"by\":\"cusparse\"," + std::string(subject) + times(t) + rest);
  }
};

/* Element i of X: a multiple of 1/16 in [-1, 1], exact in fp16, the same on host and device. */
__host__ __device__ inline float element(uint64_t i) {
  uint64_t z = (i + 1) * 0x9E3779B97F4A7C15ull;
  z = (z ^ (z >> 29)) * 0xBF58476D1CE4E5B9ull;
  return (float)((int)((z >> 40) % 33) - 16) / 16;
}

/* A grid-stride loop. */
__device__ inline size_t first() { return blockIdx.x * (size_t)blockDim.x + threadIdx.x; }
__device__ inline size_t step() { return gridDim.x * (size_t)blockDim.x; }

template <typename T> __global__ void fill(T *x, size_t count) {
  for (size_t i = first(); i < count; i += step())
    x[i] = (T)element(i);
}

template <typename T> __global__ void fill_ones(T *x, size_t count) {
  for (size_t i = first(); i < count; i += step())
    x[i] = (T)1.0f;
}

__global__ void copy_kernel(const float4 *from, float4 *to, size_t count) {
  for (size_t i = first(); i < count; i += step())
    to[i] = from[i];
}

static const int kBlocks = 2048, kThreads = 256;

static void time_copies(Sampler &sampler, Lines &lines, bool quick) {
  size_t bytes = quick ? 1 << 20 : 1 << 30;
  Buffer<float4> from(bytes / sizeof(float4)), to(bytes / sizeof(float4));
  fill<float><<<kBlocks, kThreads>>>(reinterpret_cast<float *>(from.data), bytes / sizeof(float));
  lines.copy("cudaMemcpy", sampler.measure([&] {
    CHECK(cudaMemcpyAsync(to.data, from.data, bytes, cudaMemcpyDeviceToDevice, 0));
  }), 2.0 * bytes);
  lines.copy("copy kernel", sampler.measure([&] {
    copy_kernel<<<kBlocks, kThreads>>>(from.data, to.data, bytes / sizeof(float4));
    CHECK(cudaGetLastError());
  }), 2.0 * bytes);
}

/* Largest error of some rows of C, relative to 1 + |expected|: the first, the longest, and some between. */
template <typename T> static double worst_error(const Graph &g, const T *c, int columns) {
  std::vector<int> rows = {0, 0};
  for (int r = 0; r < g.nodes; r++)
    if (g.row_ptr[r + 1] - g.row_ptr[r] > g.row_ptr[rows[1] + 1] - g.row_ptr[rows[1]]) rows[1] = r;
  for (int i = 1; i < 24; i++) rows.push_back((int)((int64_t)g.nodes * i / 24));
  double worst = 0;
  std::vector<T> got(columns);
  for (int r : rows) {
    CHECK(cudaMemcpy(got.data(), c + (size_t)r * columns, columns * sizeof(T), cudaMemcpyDeviceToHost));
    for (int f = 0; f < columns; f++) {
      double expected = 0;
      for (int e = g.row_ptr[r]; e < g.row_ptr[r + 1]; e++)
        expected += element((uint64_t)g.col_idx[e] * columns + f);
      double error = std::fabs((double)(float)got[f] - expected) / (1 + std::fabs(expected));
      require(error <= (sizeof(T) == 2 ? 1e-2 : 1e-3), "wrong result in row " + std::to_string(r));
      worst = std::max(worst, error);
    }
  }
  return worst;
}

template <typename T>
static void time_spmm(const Graph &g, int *row_ptr, int *col_idx, int columns, cudaDataType type,
                      const char *name, cusparseHandle_t handle, Sampler &sampler, Lines &lines) {
  size_t count = (size_t)g.nodes * columns;
  Buffer<T> values(g.edges), x(count), c(count);
  fill_ones<<<kBlocks, kThreads>>>(values.data, (size_t)g.edges);
  fill<<<kBlocks, kThreads>>>(x.data, count);
  CHECK(cudaGetLastError());
  cusparseSpMatDescr_t a;
  cusparseDnMatDescr_t b, out;
  CHECK(cusparseCreateCsr(&a, g.nodes, g.nodes, g.edges, row_ptr, col_idx, values.data, CUSPARSE_INDEX_32I,
                          CUSPARSE_INDEX_32I, CUSPARSE_INDEX_BASE_ZERO, type));
  CHECK(cusparseCreateDnMat(&b, g.nodes, columns, columns, x.data, type, CUSPARSE_ORDER_ROW));
  CHECK(cusparseCreateDnMat(&out, g.nodes, columns, columns, c.data, type, CUSPARSE_ORDER_ROW));
  const float one = 1, zero = 0;
  const auto op = CUSPARSE_OPERATION_NON_TRANSPOSE;
  const auto algorithm = CUSPARSE_SPMM_CSR_ALG2;
  size_t bytes = 0;
  CHECK(cusparseSpMM_bufferSize(handle, op, op, &one, a, b, &zero, out, CUDA_R_32F, algorithm, &bytes));
  Buffer<char> workspace(bytes);
  void *work = workspace.data;
  CHECK(cusparseSpMM_preprocess(handle, op, op, &one, a, b, &zero, out, CUDA_R_32F, algorithm, work));
  Times times = sampler.measure([&] {
    CHECK(cusparseSpMM(handle, op, op, &one, a, b, &zero, out, CUDA_R_32F, algorithm, work));
  });
  double row = (double)columns * sizeof(T);
  double traffic = g.edges * (sizeof(int) + sizeof(T) + row) + g.nodes * (sizeof(int) + row);
  lines.time(g, name, columns, times, traffic, worst_error(g, c.data, columns));
  CHECK(cusparseDestroyDnMat(out));
  CHECK(cusparseDestroyDnMat(b));
  CHECK(cusparseDestroySpMat(a));
}

int main(int argc, char **argv) {
  bool quick = argc == 4 && std::string(argv[3]) == "--quick";
  if (argc != 3 && !quick) {
    std::fprintf(stderr, "usage: cusparse_bench GRAPH LINES [--quick]\n");
    return 2;
  }
  Graph g = read_graph(argv[1]);
  Lines lines(argv[2]);
  cudaDeviceProp device;
  CHECK(cudaGetDeviceProperties(&device, 0));
  int driver = 0, version = 0;
  CHECK(cudaDriverGetVersion(&driver));
  cusparseHandle_t handle;
  CHECK(cusparseCreate(&handle));
  CHECK(cusparseGetVersion(handle, &version));
  char machine[512];
  std::snprintf(machine, sizeof machine,
                "%s, sm_%d%d, %d multiprocessors, L2 %d MiB; driver for CUDA %d.%d, cuSPARSE %d", device.name,
                device.major, device.minor, device.multiProcessorCount, device.l2CacheSize >> 20,
                driver / 1000, driver % 1000 / 10, version);
  lines.machine(machine);
  Sampler sampler(quick);
  time_copies(sampler, lines, quick);
  Buffer<int> row_ptr(g.row_ptr.size()), col_idx(g.col_idx.size());
  CHECK(cudaMemcpy(row_ptr.data, g.row_ptr.data(), g.row_ptr.size() * sizeof(int), cudaMemcpyHostToDevice));
  CHECK(cudaMemcpy(col_idx.data, g.col_idx.data(), g.col_idx.size() * sizeof(int), cudaMemcpyHostToDevice));
  for (int columns : g.widths) {
    time_spmm<float>(g, row_ptr.data, col_idx.data, columns, CUDA_R_32F, "fp32", handle, sampler, lines);
    time_spmm<__half>(g, row_ptr.data, col_idx.data, columns, CUDA_R_16F, "fp16", handle, sampler, lines);
  }
  CHECK(cusparseDestroy(handle));
  return 0;
}
