// Names of what Java calls: one for each instruction set that a file is compiled for.
#pragma once

#ifndef SGQ_SUFFIX
#error "SGQ_SUFFIX names the instruction set"
#endif

#define SGQ_JOIN2(a, b) a##b
#define SGQ_JOIN(a, b) SGQ_JOIN2(a, b)

/** FUNCTION under the name FUNCTION_SUFFIX, seen from outside. */
#define SGQ_EXPORT(RESULT, FUNCTION) \
    extern "C" __attribute__((visibility("default"))) RESULT SGQ_JOIN(FUNCTION##_, SGQ_SUFFIX)
