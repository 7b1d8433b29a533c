/* printf into a string. */
#ifndef SGQ_TEXT_H
#define SGQ_TEXT_H

#include <cstdarg>
#include <cstdio>
#include <string>

namespace simt {

__attribute__((format(printf, 1, 2))) inline std::string format(const char *pattern, ...) {
  va_list arguments, again;
  va_start(arguments, pattern);
  va_copy(again, arguments);
  std::string text(vsnprintf(nullptr, 0, pattern, arguments), '\0');
  vsnprintf(text.data(), text.size() + 1, pattern, again);
  va_end(again);
  va_end(arguments);
  return text;
}

}  // namespace simt

#endif
