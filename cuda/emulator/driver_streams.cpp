/* Streams, events and the capture of streams into graphs. */
#include <atomic>
#include <chrono>

#include "driver.h"

namespace driver {

using Clock = std::chrono::steady_clock;

struct Event {
  unsigned flags = 0;
  bool recorded = false;
  Clock::time_point time;
  /* Where it was recorded into a capture: that, by which stream, and how much work it had recorded then. */
  std::weak_ptr<Capture> capture;
  Stream *stream = nullptr;
  size_t position = 0;
};

namespace {

constexpr unsigned DISABLE_TIMING = 2;
constexpr unsigned BLOCKING = 0; /* the other flag of a stream is NON_BLOCKING */

Handles<Stream> &streams() {
  static auto &handles = *new Handles<Stream>;
  return handles;
}

Handles<Event> &events() {
  static auto &handles = *new Handles<Event>;
  return handles;
}

/* Captures that are going on. */
std::unordered_set<std::shared_ptr<Capture>> &captures() {
  static auto &set = *new std::unordered_set<std::shared_ptr<Capture>>;
  return set;
}

/* The handles of the legacy stream (0, 1) and of the per-thread one (2): neither captures here. */
bool is_default(void *handle) {
  return reinterpret_cast<uintptr_t>(handle) <= 2;
}

/* The stream no longer captures, nor do those that joined it. */
void end_capture(Stream &origin) {
  std::shared_ptr<Capture> capture = std::move(origin.capture);
  origin.capture = nullptr;
  for (auto &[other, work] : capture->unjoined) other->capture = nullptr;
  captures().erase(capture);
}

std::atomic<unsigned long long> stream_ids{1};

}  // namespace

std::mutex &captures_mutex() {
  static std::mutex mutex;
  return mutex;
}

CUresult find_stream(void *handle, std::shared_ptr<Context> *context, std::shared_ptr<Stream> *stream) {
  if (CUresult error = require_context(context)) return error;
  if (is_default(handle)) {
    *stream = std::make_shared<Stream>();
    (*stream)->context = *context;
    return CUDA_SUCCESS;
  }
  *stream = streams().find(handle);
  if (*stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  *context = (*stream)->context;
  return CUDA_SUCCESS;
}

namespace {

/* Spoils the captures that the condition holds for. */
template <class Condition>
CUresult refuse(CUresult error, Condition condition) {
  std::lock_guard lock(captures_mutex());
  bool refused = false;
  for (auto &capture : captures()) {
    if (!condition(*capture)) continue;
    capture->valid = false;
    refused = true;
  }
  return refused ? error : CUDA_SUCCESS;
}

}  // namespace

CUresult refuse_while_capturing() {
  return refuse(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, [](const Capture &capture) {
    bool mine = capture.thread == std::this_thread::get_id();
    return capture.mode == CaptureMode::global || (capture.mode == CaptureMode::thread_local_ && mine);
  });
}

CUresult refuse_legacy_while_capturing(void *handle) {
  constexpr uintptr_t PER_THREAD = 2;
  if (reinterpret_cast<uintptr_t>(handle) >= PER_THREAD) return CUDA_SUCCESS;
  return refuse(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT,
                [](const Capture &capture) { return capture.origin->flags == BLOCKING; });
}

}  // namespace driver

using namespace driver;

/* ---- streams ---- */

CUDA_FUNCTION cuStreamCreateWithPriority(Stream **stream, unsigned flags, int priority) {
  std::shared_ptr<Context> context;
  if (CUresult error = require_context(&context)) return error;
  if (stream == nullptr || flags > 1) return CUDA_ERROR_INVALID_VALUE;
  auto created = std::make_shared<Stream>();
  created->context = context;
  created->flags = flags;
  created->priority = priority;
  created->id = stream_ids++;
  *stream = streams().add(std::move(created));
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuStreamCreate(Stream **stream, unsigned flags) {
  return cuStreamCreateWithPriority(stream, flags, 0);
}

CUDA_FUNCTION cuStreamDestroy_v2(Stream *handle) {
  auto stream = streams().remove(handle);
  if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  std::lock_guard lock(captures_mutex());
  if (stream->capture == nullptr) return CUDA_SUCCESS;
  if (stream->capture->origin == stream.get()) {
    end_capture(*stream);
  } else {
    stream->capture->valid = false;
    stream->capture->unjoined.erase(stream.get());
  }
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuStreamSynchronize(void *handle) {
  std::shared_ptr<Context> context;
  std::shared_ptr<Stream> stream;
  if (CUresult error = find_stream(handle, &context, &stream)) return error;
  {
    std::lock_guard lock(captures_mutex());
    if (stream->capture != nullptr) {
      stream->capture->valid = false;
      return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    }
  }
  return synchronize(*context);
}

CUDA_FUNCTION cuStreamQuery(void *handle) {
  std::shared_ptr<Context> context;
  std::shared_ptr<Stream> stream;
  if (CUresult error = find_stream(handle, &context, &stream)) return error;
  std::lock_guard lock(captures_mutex());
  if (stream->capture != nullptr) {
    stream->capture->valid = false;
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  }
  return context->pending();
}

CUDA_FUNCTION cuStreamGetFlags(void *handle, unsigned *flags) {
  std::shared_ptr<Context> context;
  std::shared_ptr<Stream> stream;
  if (CUresult error = find_stream(handle, &context, &stream)) return error;
  *flags = stream->flags;
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuStreamGetPriority(void *handle, int *priority) {
  std::shared_ptr<Context> context;
  std::shared_ptr<Stream> stream;
  if (CUresult error = find_stream(handle, &context, &stream)) return error;
  *priority = stream->priority;
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuStreamGetId(void *handle, unsigned long long *id) {
  std::shared_ptr<Context> context;
  std::shared_ptr<Stream> stream;
  if (CUresult error = find_stream(handle, &context, &stream)) return error;
  *id = stream->id;
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuStreamGetCtx(void *handle, Context **context) {
  std::shared_ptr<Context> found;
  std::shared_ptr<Stream> stream;
  if (CUresult error = find_stream(handle, &found, &stream)) return error;
  *context = found.get();
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuCtxGetStreamPriorityRange(int *least, int *greatest) {
  if (least != nullptr) *least = 0;
  if (greatest != nullptr) *greatest = 0;
  return CUDA_SUCCESS;
}

/* ---- capture ---- */

CUDA_FUNCTION cuStreamBeginCapture_v2(void *handle, int mode) {
  std::shared_ptr<Context> context;
  std::shared_ptr<Stream> stream;
  if (CUresult error = find_stream(handle, &context, &stream)) return error;
  if (is_default(handle)) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  if (mode < 0 || mode > 2) return CUDA_ERROR_INVALID_VALUE;
  if (CUresult error = context->pending()) return error;
  std::lock_guard lock(captures_mutex());
  if (stream->capture != nullptr) return CUDA_ERROR_ILLEGAL_STATE;
  stream->capture = std::make_shared<Capture>();
  stream->capture->mode = (CaptureMode)mode;
  stream->capture->thread = std::this_thread::get_id();
  stream->capture->origin = stream.get();
  captures().insert(stream->capture);
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuStreamEndCapture(void *handle, Graph **graph) {
  std::shared_ptr<Context> context;
  std::shared_ptr<Stream> stream;
  if (CUresult error = find_stream(handle, &context, &stream)) return error;
  if (graph == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *graph = nullptr;
  std::lock_guard lock(captures_mutex());
  std::shared_ptr<Capture> capture = stream->capture;
  if (capture == nullptr) return CUDA_ERROR_ILLEGAL_STATE;
  if (capture->origin != stream.get()) {
    capture->valid = false;
    return CUDA_ERROR_STREAM_CAPTURE_UNMATCHED;
  }
  if (capture->mode != CaptureMode::relaxed && capture->thread != std::this_thread::get_id()) {
    return CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD;
  }
  end_capture(*stream);
  if (!capture->valid) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
  if (!capture->unjoined.empty()) return CUDA_ERROR_STREAM_CAPTURE_UNJOINED;
  *graph = graphs().add(capture->graph);
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuStreamIsCapturing(void *handle, int *status) {
  std::shared_ptr<Context> context;
  std::shared_ptr<Stream> stream;
  if (CUresult error = find_stream(handle, &context, &stream)) return error;
  std::lock_guard lock(captures_mutex());
  constexpr int NONE = 0, ACTIVE = 1, INVALIDATED = 2;
  *status = stream->capture == nullptr ? NONE : stream->capture->valid ? ACTIVE : INVALIDATED;
  return CUDA_SUCCESS;
}

/* ---- events ---- */

CUDA_FUNCTION cuEventCreate(Event **event, unsigned flags) {
  std::shared_ptr<Context> context;
  if (CUresult error = require_context(&context)) return error;
  auto created = std::make_shared<Event>();
  created->flags = flags;
  *event = events().add(std::move(created));
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuEventDestroy_v2(Event *handle) {
  return events().remove(handle) != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

CUDA_FUNCTION cuEventRecord(Event *handle, void *stream_handle) {
  std::shared_ptr<Context> context;
  std::shared_ptr<Stream> stream;
  auto event = events().find(handle);
  if (event == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (CUresult error = find_stream(stream_handle, &context, &stream)) return error;
  std::lock_guard lock(captures_mutex());
  event->recorded = true;
  event->time = Clock::now();
  event->capture = stream->capture;
  if (stream->capture == nullptr) return context->pending();
  if (!stream->capture->valid) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
  event->stream = stream.get();
  auto work = stream->capture->unjoined.find(stream.get());
  event->position = work == stream->capture->unjoined.end() ? 0 : work->second;
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuEventRecordWithFlags(Event *event, void *stream, unsigned) {
  return cuEventRecord(event, stream);
}

/* An event of a capture pulls the stream into it; work is joined again once the origin waits for it. */
CUDA_FUNCTION cuStreamWaitEvent(void *handle, Event *event_handle, unsigned) {
  std::shared_ptr<Context> context;
  std::shared_ptr<Stream> stream;
  auto event = events().find(event_handle);
  if (event == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (CUresult error = find_stream(handle, &context, &stream)) return error;
  std::lock_guard lock(captures_mutex());
  std::shared_ptr<Capture> capture = event->capture.lock();
  if (stream->capture != nullptr && !stream->capture->valid) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
  if (capture == nullptr) {
    if (stream->capture == nullptr) return CUDA_SUCCESS;
    stream->capture->valid = false;
    return CUDA_ERROR_STREAM_CAPTURE_ISOLATION;
  }
  if (stream->capture == nullptr) {
    if (is_default(handle)) return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
    stream->capture = capture;
    capture->unjoined[stream.get()] = 1;
    return CUDA_SUCCESS;
  }
  if (stream->capture != capture) {
    stream->capture->valid = capture->valid = false;
    return CUDA_ERROR_STREAM_CAPTURE_MERGE;
  }
  auto other = capture->unjoined.find(event->stream);
  if (stream.get() == capture->origin && other != capture->unjoined.end() &&
      other->second == event->position) {
    other->first->capture = nullptr;
    capture->unjoined.erase(other);
  }
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuEventSynchronize(Event *handle) {
  std::shared_ptr<Context> context;
  if (CUresult error = require_context(&context)) return error;
  auto event = events().find(handle);
  if (event == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  {
    std::lock_guard lock(captures_mutex());
    if (auto capture = event->capture.lock()) {
      capture->valid = false;
      return CUDA_ERROR_CAPTURED_EVENT;
    }
  }
  return synchronize(*context);
}

CUDA_FUNCTION cuEventQuery(Event *handle) {
  std::shared_ptr<Context> context;
  if (CUresult error = require_context(&context)) return error;
  auto event = events().find(handle);
  if (event == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  std::lock_guard lock(captures_mutex());
  if (auto capture = event->capture.lock()) {
    capture->valid = false;
    return CUDA_ERROR_CAPTURED_EVENT;
  }
  return context->pending();
}

CUDA_FUNCTION cuEventElapsedTime(float *milliseconds, Event *start_handle, Event *end_handle) {
  auto start = events().find(start_handle), end = events().find(end_handle);
  if (start == nullptr || end == nullptr || !start->recorded || !end->recorded)
    return CUDA_ERROR_INVALID_HANDLE;
  if ((start->flags | end->flags) & DISABLE_TIMING) return CUDA_ERROR_INVALID_HANDLE;
  *milliseconds = std::chrono::duration<float, std::milli>(end->time - start->time).count();
  return CUDA_SUCCESS;
}
