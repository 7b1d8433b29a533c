/* Which line of the source an instruction comes from. */
#ifndef SGQ_SOURCE_LINE_H
#define SGQ_SOURCE_LINE_H

#include <cstdint>
#include <string>

namespace simt {

/* "file:line", where it was inlined "file:line < file:line"; empty where addr2line does not tell. */
std::string source_line(uintptr_t instruction);

}  // namespace simt

#endif
