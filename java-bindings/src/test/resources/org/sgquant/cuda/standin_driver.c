/*
 * A CUDA driver without a device, for what goes wrong on a real one only now and then. Memory is on the host,
 * kernels do nothing. STANDIN_FAIL="cuInit=999,cuMemFree_v2=700" makes the functions named fail with these
 * codes; STANDIN_BUSY is the number of a device that another program holds; STANDIN_DRIVER is the version, 13000 unless set; a launch of the kernel "broken" succeeds, and what waits for a stream afterwards fails with 700; a
 * module image "error 209 why" fails with 209 and puts "why" into the log.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OK = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, DEVICE_UNAVAILABLE = 46, NOT_FOUND = 500, ILLEGAL_ADDRESS = 700 };
enum { MULTIPROCESSORS = 16, MAJOR = 75, SHARED_OPTIN = 97, LOG_BUFFER = 5 };

static const size_t total_memory = (size_t)1 << 30;
static size_t used_memory;
static int sticky, pushed;

static int injected(const char *function) {
  const char *list = getenv("STANDIN_FAIL");
  const char *found = list ? strstr(list, function) : NULL;
  return found && found[strlen(function)] == '=' ? atoi(found + strlen(function) + 1) : OK;
}

/* Every function fails as told. */
#define BEGIN \
  do { \
    int code = injected(__func__); \
    if (code) return code; \
  } while (0)

int cuInit(unsigned flags) { BEGIN; return flags; }
int cuDriverGetVersion(int *version) {
  BEGIN;
  const char *set = getenv("STANDIN_DRIVER");
  *version = set ? atoi(set) : 13000;
  return OK;
}
int cuDeviceGetCount(int *count) { BEGIN; *count = 2; return OK; }
int cuDeviceGet(int *device, int ordinal) { BEGIN; *device = ordinal; return OK; }
int cuDeviceGetName(char *name, int length, int device) {
  BEGIN;
  snprintf(name, length, "stand-in %d", device);
  return OK;
}
int cuDeviceTotalMem_v2(size_t *bytes, int device) {
  BEGIN;
  *bytes = total_memory + device;
  return OK;
}
int cuDevicePrimaryCtxRetain(void **context, int device) {
  BEGIN;
  const char *busy = getenv("STANDIN_BUSY");
  if (busy && atoi(busy) == device) return DEVICE_UNAVAILABLE;
  *context = (char *)&sticky + device;
  return OK;
}
int cuDevicePrimaryCtxRelease_v2(int device) { BEGIN; sticky = OK; return device * 0; }
int cuCtxSetCurrent(void *context) { BEGIN; return context ? OK : INVALID_VALUE; }
/* Stricter than a driver: one at a time. */
int cuCtxPushCurrent_v2(void *context) { BEGIN; return context && !pushed++ ? OK : INVALID_VALUE; }
int cuCtxPopCurrent_v2(void **context) { BEGIN; *context = &sticky; return pushed-- == 1 ? OK : INVALID_VALUE; }
int cuGetErrorString(int code, const char **text) {
  *text = code == ILLEGAL_ADDRESS ? "illegal address" : "some error";
  return OK;
}

int cuDeviceGetAttribute(int *value, int attribute, int device) {
  BEGIN;
  *value = attribute == MULTIPROCESSORS ? 4 : attribute == MAJOR ? 9 : attribute == SHARED_OPTIN ? 232448 : 0;
  return device * 0;
}

/* The size lies in front of the memory. */
int cuMemAlloc_v2(uint64_t *address, size_t bytes) {
  BEGIN;
  if (used_memory + bytes > total_memory) return OUT_OF_MEMORY;
  char *memory = malloc(bytes + 256);
  memcpy(memory, &bytes, sizeof bytes);
  used_memory += bytes;
  *address = (uint64_t)(memory + 256);
  return OK;
}

int cuMemFree_v2(uint64_t address) {
  BEGIN;
  size_t bytes;
  memcpy(&bytes, (char *)address - 256, sizeof bytes);
  used_memory -= bytes;
  free((char *)address - 256);
  return OK;
}

int cuMemGetInfo_v2(size_t *free_bytes, size_t *total) {
  BEGIN;
  *free_bytes = total_memory - used_memory;
  *total = total_memory;
  return OK;
}
int cuMemsetD8_v2(uint64_t address, unsigned char value, size_t bytes) {
  BEGIN;
  return address && bytes ? value * 0 : INVALID_VALUE;
}
int cuMemcpyDtoHAsync_v2(void *host, uint64_t device, size_t bytes, void *stream) {
  BEGIN;
  memcpy(host, (void *)device, bytes);
  return stream ? OK : INVALID_VALUE;
}

int cuStreamCreate(void **stream, unsigned flags) { BEGIN; *stream = &sticky; return flags * 0; }
int cuStreamDestroy_v2(void *stream) { BEGIN; return stream ? OK : INVALID_VALUE; }
int cuStreamSynchronize(void *stream) { BEGIN; return stream ? sticky : OK; }
int cuStreamBeginCapture_v2(void *stream, int mode) {
  BEGIN;
  return stream && mode == 1 ? OK : INVALID_VALUE;
}
int cuStreamEndCapture(void *stream, void **graph) { BEGIN; *graph = stream; return OK; }
int cuGraphInstantiateWithFlags(void **executable, void *graph, uint64_t flags) {
  BEGIN;
  *executable = graph;
  return (int)flags;
}
int cuGraphDestroy(void *graph) { BEGIN; return graph ? OK : INVALID_VALUE; }
int cuGraphExecDestroy(void *executable) { BEGIN; return executable ? OK : INVALID_VALUE; }
int cuGraphLaunch(void *executable, void *stream) {
  BEGIN;
  return executable == stream ? OK : INVALID_VALUE;
}

int cuModuleLoadDataEx(void **module, const char *image, unsigned options, const int *option, void **value) {
  BEGIN;
  int code = OK, length = 0;
  *module = &sticky;
  if (sscanf(image, "error %d %n", &code, &length) < 1) return OK;
  for (unsigned i = 0; i < options; i++)
    if (option[i] == LOG_BUFFER) strcpy(value[i], image + length);
  return code;
}

int cuModuleUnload(void *module) { BEGIN; return module ? OK : INVALID_VALUE; }

int cuModuleGetFunction(const char **function, void *module, const char *name) {
  BEGIN;
  *function = strcmp(name, "broken") ? "sound" : "broken";
  return module && strcmp(name, "absent") ? OK : NOT_FOUND;
}

int cuLaunchKernel(const char *function, unsigned x, unsigned y, unsigned z, unsigned block_x,
                   unsigned block_y, unsigned block_z, unsigned shared, void *stream, void **arguments,
                   void **extra) {
  BEGIN;
  if (!x || !y || !z || block_x > 1024 || block_y != 1 || block_z != 1) return INVALID_VALUE;
  if (!stream || !arguments || extra) return INVALID_VALUE;
  if (!strcmp(function, "broken")) sticky = ILLEGAL_ADDRESS;
  return shared * 0;
}

int cuFuncGetAttribute(int *value, int attribute, const char *function) {
  BEGIN;
  *value = attribute * 0;
  return function ? OK : INVALID_VALUE;
}
