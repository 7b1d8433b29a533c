/*
 * The CUDA driver's functions over the emulator: what stock JCuda 12.6 and callers by the foreign function
 * interface need. Every call runs in its caller's thread and is done when it returns; a stream only says what
 * to capture.
 */
#ifndef SGQ_DRIVER_H
#define SGQ_DRIVER_H

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine.h"
#include "status.h"

#define CUDA_FUNCTION extern "C" __attribute__((visibility("default"))) CUresult

namespace driver {

using Address = unsigned long long; /* CUdeviceptr */

/* The objects of one kind that callers hold handles of. */
template <class T>
class Handles {
 public:
  T *add(std::shared_ptr<T> object) {
    std::lock_guard lock(mutex_);
    T *handle = object.get();
    objects_[handle] = std::move(object);
    return handle;
  }
  /* Null where the handle is none, or no longer. */
  std::shared_ptr<T> find(const void *handle) {
    std::lock_guard lock(mutex_);
    auto found = objects_.find(handle);
    return found == objects_.end() ? nullptr : found->second;
  }
  std::shared_ptr<T> remove(const void *handle) {
    std::lock_guard lock(mutex_);
    auto found = objects_.find(handle);
    if (found == objects_.end()) return nullptr;
    std::shared_ptr<T> object = std::move(found->second);
    objects_.erase(found);
    return object;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<const void *, std::shared_ptr<T>> objects_;
};

class Context {
 public:
  /* The error of a launch that failed, until a synchronizing call took it. */
  CUresult pending();
  CUresult take_pending();
  void failed(const simt::Outcome &outcome);

  unsigned flags = 0;

 private:
  std::mutex mutex_;
  CUresult pending_ = CUDA_SUCCESS;
};

/* One operation of a stream or node of a graph. */
enum class NodeType { kernel = 0, copy = 1, set = 2, graph = 4, empty = 5 };

struct Node {
  NodeType type;
  std::function<CUresult(Context &)> run;
};

struct Graph {
  std::vector<std::unique_ptr<Node>> nodes; /* in an order in which they may run */
};

Handles<Graph> &graphs();

struct Stream;

enum class CaptureMode { global = 0, thread_local_ = 1, relaxed = 2 };

/* What a stream, and those that joined it by events, have recorded instead of run. */
struct Capture {
  CaptureMode mode;
  std::thread::id thread;
  const Stream *origin;
  bool valid = true;
  std::shared_ptr<Graph> graph = std::make_shared<Graph>();
  std::unordered_map<Stream *, size_t> unjoined; /* other streams, and how often they recorded work */
};

struct Stream {
  std::shared_ptr<Context> context;
  unsigned flags = 0;
  int priority = 0;
  unsigned long long id = 0;
  std::shared_ptr<Capture> capture;
};

/* The context of this thread; null where there is none. */
std::shared_ptr<Context> current_context();
bool initialized();

/* What calls check first: 3 before cuInit, 201 without a context. */
CUresult require_context(std::shared_ptr<Context> *context);

/* The stream of a handle, which may be null (legacy), 1 or 2 (per thread); 400 where it is none. */
CUresult find_stream(void *handle, std::shared_ptr<Context> *context, std::shared_ptr<Stream> *stream);
std::mutex &captures_mutex();

/* Runs the operation, or records it where the stream captures. */
CUresult submit(void *stream, NodeType type, std::function<CUresult(Context &)> run);

/* 900, and the captures are spoilt, where this thread captures: for calls that must not be made meanwhile. */
CUresult refuse_while_capturing();

/* 906, and the captures are spoilt, where work in the legacy stream would wait for a stream that captures. */
CUresult refuse_legacy_while_capturing(void *stream);

/* Takes the context's pending error: what synchronizing calls do at last. */
CUresult synchronize(Context &context);

/* Whether a kernel may be given this host address. */
bool pinned(Address address);

}  // namespace driver

#endif
