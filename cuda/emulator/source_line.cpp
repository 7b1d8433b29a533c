#include "source_line.h"

#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <link.h>
#include <map>
#include <mutex>

#include "text.h"

namespace simt {

namespace {

std::string look_up(uintptr_t instruction) {
  Dl_info object;
  link_map *map;
  if (dladdr1(reinterpret_cast<void *>(instruction), &object, reinterpret_cast<void **>(&map),
              RTLD_DL_LINKMAP) == 0 ||
      strchr(object.dli_fname, '\'') != nullptr) {
    return {};
  }
  std::string command =
      format("addr2line -i -e '%s' 0x%zx 2> /dev/null", object.dli_fname, instruction - map->l_addr);
  FILE *output = popen(command.c_str(), "r");
  if (output == nullptr) return {};
  std::string lines;
  char line[4096];
  while (fgets(line, sizeof line, output) != nullptr) {
    std::string text(line, strcspn(line, " \n")); /* up to " (discriminator 1)" */
    if (text[0] == '?' || text.find(".kernels.cpp:") != std::string::npos)
      break; /* the table calls the kernel */
    while (text.starts_with("./")) text.erase(0, 2);
    lines += (lines.empty() ? "" : " < ") + text;
  }
  pclose(output);
  return lines;
}

}  // namespace

std::string source_line(uintptr_t instruction) {
  static std::mutex mutex;
  static auto &known = *new std::map<uintptr_t, std::string>;
  std::lock_guard lock(mutex);
  auto found = known.find(instruction);
  if (found == known.end()) found = known.emplace(instruction, look_up(instruction)).first;
  return found->second;
}

}  // namespace simt
