# Sourced by the commands: find_java prints the java command of the first JDK 25 or newer, nothing where there is none.

# Prints the major version of a java command, nothing where it is none.
major() { "$1" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1; }

find_java() {
  local candidate
  for candidate in "${SGQUANT_JAVA_HOME:-}" "${JAVA_HOME:-}" /usr/lib/jvm/* "${HOME:-}"/.jdks/* \
    "${HOME:-}"/.sdkman/candidates/java/* /Library/Java/JavaVirtualMachines/*/Contents/Home; do
    [ -n "$candidate" ] && [ -x "$candidate/bin/java" ] || continue
    [ "$(major "$candidate/bin/java")" -ge 25 ] 2>/dev/null && { echo "$candidate/bin/java"; return; }
  done
  candidate=$(command -v java || true)
  [ -n "$candidate" ] && [ "$(major "$candidate")" -ge 25 ] 2>/dev/null && echo "$candidate"
  return 0
}

# Flags of every JVM that runs sgquant's kernels. Where C2 has much to do, Java compiles at tier 2 first, meaning to go on
# by tier 3; C1 gives up on large vector loops there, which then stay at tier 2 for good, 60 times slower.
jvm_flags=(--add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED -XX:Tier3DelayOn=1000000)

# Rows of large matrices are gathered from all over them: pages of 2 MB spare most look-ups of addresses. malloc of
# glibc 2.35 and later asks for them where the system leaves it to programs; others overlook the variable.
export GLIBC_TUNABLES=${GLIBC_TUNABLES:-glibc.malloc.hugetlb=1}
