// What AWS Lambda starts: bootstrap, which runs lib/eider beside it by the loader that lies there too.
//
// The program is linked with a newer glibc and libstdc++ than the runtime provided.al2023 has, so a package brings its
// own, and with them the loader that belongs to that glibc. A program's own loader has to be named by its whole path,
// so something must come before; what has no loader yet has to be static.
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#if defined(__aarch64__)
#define LOADER "ld-linux-aarch64.so.1"
#else
#define LOADER "ld-linux-x86-64.so.2"
#endif

int main(int argc, char** argv) {
  char folder[PATH_MAX];  // of this program, by the path that it was started by: there may be no /proc
  if (realpath((const char*)getauxval(AT_EXECFN), folder) == NULL) {
    perror("bootstrap");
    return 1;
  }
  *strrchr(folder, '/') = '\0';
  char loader[PATH_MAX + 64], libraries[PATH_MAX + 64], program[PATH_MAX + 64];
  snprintf(loader, sizeof loader, "%s/lib/" LOADER, folder);
  snprintf(libraries, sizeof libraries, "%s/lib", folder);
  snprintf(program, sizeof program, "%s/lib/eider", folder);

  // The system's list of libraries (ld.so.cache) and what LD_LIBRARY_PATH says are of another glibc.
  char* head[] = {loader, "--inhibit-cache", "--library-path", libraries, program};
  const int heads = sizeof head / sizeof *head;
  char** words = calloc((size_t)(heads + argc), sizeof *words);
  if (words == NULL) return 1;
  memcpy(words, head, sizeof head);
  for (int i = 1; i < argc; ++i) words[heads + i - 1] = argv[i];
  execv(loader, words);
  perror(loader);
  return 1;
}
