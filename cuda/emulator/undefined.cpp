/*
 * What kernels call where they do what C++ leaves undefined: the functions that g++ -fsanitize=undefined
 * calls, in place of the sanitizer's own library, so that the launch fails and the process goes on. Every
 * description starts with the place in the source.
 */
#include "engine.h"
#include "text.h"

namespace {

struct Place {
  const char *file;
  uint32_t line;
  uint32_t column;
};

/* Sources are found from the project's folder, "." to the compiler. */
const char *file(const Place &place) {
  return strncmp(place.file, "./", 2) == 0 ? place.file + 2 : place.file;
}

struct TypeMismatch {
  Place place;
  const void *type;
  unsigned char log_alignment;
  unsigned char access;
};

[[noreturn]] void undefined(const Place &place, const char *what,
                            CUresult status = CUDA_ERROR_LAUNCH_FAILED) {
  simt::Engine::running().fail(status, simt::format("%s (%s:%u)", what, file(place), place.line));
}

}  // namespace

extern "C" {

[[noreturn]] void __ubsan_handle_type_mismatch_v1_abort(TypeMismatch *data, uintptr_t address) {
  if (address == 0) undefined(data->place, "access through a null pointer", CUDA_ERROR_ILLEGAL_ADDRESS);
  simt::misaligned(reinterpret_cast<void *>(address), (size_t)1 << data->log_alignment, file(data->place),
                   data->place.line);
}

#define SGQ_UNDEFINED(name, what)                                       \
  [[noreturn]] void __ubsan_handle_##name##_abort(const Place *place) { \
    undefined(*place, what);                                            \
  }

SGQ_UNDEFINED(shift_out_of_bounds, "shift by the width or more, where a CPU and a GPU differ")
SGQ_UNDEFINED(float_cast_overflow,
              "cast of a float to an integer that cannot hold it, where a CPU and a GPU differ: "
              "__float2int_rz saturates")
SGQ_UNDEFINED(out_of_bounds, "index beyond a local array")
SGQ_UNDEFINED(add_overflow, "overflow of a signed addition")
SGQ_UNDEFINED(sub_overflow, "overflow of a signed subtraction")
SGQ_UNDEFINED(mul_overflow, "overflow of a signed product")
SGQ_UNDEFINED(negate_overflow, "overflow of a signed negation")
SGQ_UNDEFINED(divrem_overflow, "divides an integer by zero, or the least integer by -1")
SGQ_UNDEFINED(pointer_overflow, "overflow of an address")
SGQ_UNDEFINED(load_invalid_value, "load of a value that its type cannot hold")
SGQ_UNDEFINED(invalid_builtin, "a built-in function is called with a value that it does not take")
SGQ_UNDEFINED(nonnull_arg, "null where a function takes none")
SGQ_UNDEFINED(vla_bound_not_positive, "array of no elements")
#undef SGQ_UNDEFINED

[[noreturn]] void __ubsan_handle_builtin_unreachable(const Place *place) {
  undefined(*place, "the end of what the kernel says is never reached");
}

[[noreturn]] void __ubsan_handle_missing_return(const Place *place) {
  undefined(*place, "end of a function without return");
}
}
