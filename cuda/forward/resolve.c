// The first call of each function of the forwarding library: looks it up in the library that is forwarded to.
//
// SGQ_TARGET         that library's SONAME; an open library of this SONAME is taken, wherever it lies
// SGQ_NOT_SUPPORTED  what a function returns that the library lacks

enum { RTLD_LAZY = 1 };

void *dlopen(const char *file, int flags);
void *dlsym(void *library, const char *name);

extern const int sgq_names[];
extern const unsigned char sgq_texts[];
extern void *sgq_functions[];

static int not_supported(void) { return SGQ_NOT_SUPPORTED; }

static const char *no_text(void) { return "not supported by " SGQ_TARGET; }

// Threads may do this at the same time: all find the same address, and writing it is atomic.
void *sgq_resolve(int index) {
  void *library = dlopen(SGQ_TARGET, RTLD_LAZY);
  void *function = library ? dlsym(library, (const char *)sgq_names + sgq_names[index]) : 0;
  if (!function) function = sgq_texts[index] ? (void *)no_text : (void *)not_supported;
  __atomic_store_n(&sgq_functions[index], function, __ATOMIC_RELEASE);
  return function;
}
