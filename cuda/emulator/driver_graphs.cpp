/* Graphs: what a capture recorded, run again node by node in the order of the capture. */
#include "driver.h"

namespace driver {

struct GraphExec {
  std::shared_ptr<Graph> graph;
};

Handles<Graph> &graphs() {
  static auto &handles = *new Handles<Graph>;
  return handles;
}

namespace {

Handles<GraphExec> &executables() {
  static auto &handles = *new Handles<GraphExec>;
  return handles;
}

}  // namespace
}  // namespace driver

using namespace driver;

CUDA_FUNCTION cuGraphCreate(Graph **graph, unsigned flags) {
  if (!initialized()) return CUDA_ERROR_NOT_INITIALIZED;
  if (graph == nullptr || flags != 0) return CUDA_ERROR_INVALID_VALUE;
  *graph = graphs().add(std::make_shared<Graph>());
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuGraphDestroy(Graph *handle) {
  return graphs().remove(handle) != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUDA_FUNCTION cuGraphGetNodes(Graph *handle, Node **nodes, size_t *count) {
  auto graph = graphs().find(handle);
  if (graph == nullptr || count == nullptr) return CUDA_ERROR_INVALID_VALUE;
  size_t all = graph->nodes.size();
  if (nodes != nullptr) {
    for (size_t i = 0; i < *count; i++) nodes[i] = i < all ? graph->nodes[i].get() : nullptr;
    all = std::min(all, *count);
  }
  *count = all;
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuGraphNodeGetType(Node *node, int *type) {
  if (node == nullptr || type == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *type = (int)node->type;
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuGraphInstantiateWithFlags(GraphExec **executable, Graph *handle, unsigned long long) {
  std::shared_ptr<Context> context;
  if (CUresult error = require_context(&context)) return error;
  auto graph = graphs().find(handle);
  if (graph == nullptr || executable == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *executable = executables().add(std::make_shared<GraphExec>(graph));
  return CUDA_SUCCESS;
}

CUDA_FUNCTION cuGraphUpload(GraphExec *handle, void *) {
  return executables().find(handle) != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUDA_FUNCTION cuGraphLaunch(GraphExec *handle, void *stream) {
  auto executable = executables().find(handle);
  if (executable == nullptr) return CUDA_ERROR_INVALID_VALUE;
  return submit(stream, NodeType::graph, [graph = executable->graph](Context &context) {
    for (auto &node : graph->nodes) {
      /* A kernel that failed leaves its error pending and the rest undone. */
      if (context.pending() != CUDA_SUCCESS) break;
      if (CUresult error = node->run(context)) return error;
    }
    return CUDA_SUCCESS;
  });
}

CUDA_FUNCTION cuGraphExecDestroy(GraphExec *handle) {
  return executables().remove(handle) != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}
