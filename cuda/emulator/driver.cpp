#include "driver.h"

#include <cstdio>
#include <cstring>

namespace driver {
namespace {

std::mutex report_mutex;
std::string last_report;

}  // namespace

CUresult Context::pending() {
  std::lock_guard lock(mutex_);
  return pending_;
}

CUresult Context::take_pending() {
  std::lock_guard lock(mutex_);
  return std::exchange(pending_, CUDA_SUCCESS);
}

void Context::failed(const simt::Outcome &outcome) {
  {
    std::lock_guard lock(mutex_);
    pending_ = outcome.status;
  }
  std::lock_guard lock(report_mutex);
  last_report = outcome.report;
  fprintf(stderr, "sgquant emulator: %s\n", last_report.c_str());
}

CUresult synchronize(Context &context) {
  return context.take_pending();
}

CUresult submit(void *handle, NodeType type, std::function<CUresult(Context &)> run) {
  std::shared_ptr<Context> context;
  std::shared_ptr<Stream> stream;
  if (CUresult error = find_stream(handle, &context, &stream)) return error;
  {
    std::lock_guard lock(captures_mutex());
    if (stream->capture != nullptr) {
      Capture &capture = *stream->capture;
      if (!capture.valid) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
      if (stream.get() != capture.origin) capture.unjoined[stream.get()]++;
      capture.graph->nodes.push_back(std::make_unique<Node>(type, std::move(run)));
      return CUDA_SUCCESS;
    }
  }
  if (CUresult error = refuse_legacy_while_capturing(handle)) return error;
  if (CUresult error = context->pending()) return error;
  return run(*context);
}

}  // namespace driver

using namespace driver;

CUDA_FUNCTION cuGetErrorName(CUresult code, const char **name) {
  switch (code) {
#define SGQ_STATUS(name_, code_, text_) \
  case CUDA_##name_: *name = "CUDA_" #name_; return CUDA_SUCCESS;
    SGQ_FOR_EACH_STATUS(SGQ_STATUS)
#undef SGQ_STATUS
  }
  *name = nullptr;
  return CUDA_ERROR_INVALID_VALUE;
}

CUDA_FUNCTION cuGetErrorString(CUresult code, const char **text) {
  switch (code) {
#define SGQ_STATUS(name_, code_, text_) \
  case CUDA_##name_: *text = text_; return CUDA_SUCCESS;
    SGQ_FOR_EACH_STATUS(SGQ_STATUS)
#undef SGQ_STATUS
  }
  *text = nullptr;
  return CUDA_ERROR_INVALID_VALUE;
}

/* The sentence about the process's last launch that failed, cut to `size` bytes; empty where none did. */
CUDA_FUNCTION sgq_emulator_report(char *text, size_t size) {
  if (text == nullptr || size == 0) return CUDA_ERROR_INVALID_VALUE;
  std::lock_guard lock(report_mutex);
  snprintf(text, size, "%s", last_report.c_str());
  return CUDA_SUCCESS;
}

/*
 * What the stand-ins for CUDA's libraries queue as `name`: runs or is recorded as a kernel is. The work says what it
 * found wrong, which fails the context as a kernel's access outside its memory does.
 */
CUDA_FUNCTION sgq_emulator_submit(void *stream, const char *name, const std::function<std::string()> &work) {
  return submit(stream, NodeType::kernel, [name, work](Context &context) {
    std::string flaw = work();
    if (!flaw.empty()) context.failed({CUDA_ERROR_ILLEGAL_ADDRESS, std::string(name) + ": " + flaw});
    return CUDA_SUCCESS;
  });
}
