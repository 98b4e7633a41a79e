#include "isa.h"

#include <cstdlib>

#if defined(__linux__) && (defined(__aarch64__) || defined(__arm__))
#include <sys/auxv.h>
#endif

namespace edge {

// One of each that build.py compiled.
#define EDGE_DECLARE(isa)         \
  namespace isa {                 \
  extern const KernelSet kernels; \
  }
#if defined(__x86_64__)
EDGE_DECLARE(avx512vnni)
EDGE_DECLARE(avxvnni)
EDGE_DECLARE(avx2)
#elif defined(__aarch64__)
EDGE_DECLARE(dotprod)
EDGE_DECLARE(neon)
#elif defined(__arm__)
EDGE_DECLARE(neon32)
#endif
EDGE_DECLARE(portable)

namespace {

#if defined(__x86_64__)
bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

// GCC 12 does not know the name "avxvnni": leaf 7, sub-leaf 1, bit 4 of eax.
bool has_avxvnni() {
  unsigned a = 7, b = 0, c = 1, d = 0;
  if (!has_avx2()) return false;
  __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  return a & (1u << 4);
}
bool has_avx512vnni() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512vnni");
}
#elif defined(__linux__) && defined(__aarch64__)
bool has_dotprod() { return getauxval(AT_HWCAP) & (1ul << 20); }
#elif defined(__aarch64__)
bool has_dotprod() { return true; }  // every Apple processor that runs a current system
#elif defined(__linux__) && defined(__arm__)
bool has_neon32() { return (getauxval(AT_HWCAP) & (1ul << 12)) && (getauxval(AT_HWCAP) & (1ul << 16)); }
#elif defined(__arm__)
bool has_neon32() { return false; }
#endif

}  // namespace

std::vector<const KernelSet*> available_sets() {
  std::vector<const KernelSet*> sets;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (has_avx512vnni()) sets.push_back(&avx512vnni::kernels);
  if (has_avxvnni()) sets.push_back(&avxvnni::kernels);
  if (has_avx2()) sets.push_back(&avx2::kernels);
#elif defined(__aarch64__)
  if (has_dotprod()) sets.push_back(&dotprod::kernels);
  sets.push_back(&neon::kernels);
#elif defined(__arm__)
  if (has_neon32()) sets.push_back(&neon32::kernels);
#endif
  sets.push_back(&portable::kernels);
  return sets;
}

const KernelSet* chosen_set(std::string* why) {
  const std::vector<const KernelSet*> sets = available_sets();
  const char* forced = std::getenv("EDGE_NATIVE_ISA");
  if (!forced || !*forced) return sets.front();
  std::string names;
  for (const KernelSet* set : sets) {
    if (std::string(set->isa) == forced) return set;
    names += (names.empty() ? "" : ", ") + std::string(set->isa);
  }
  *why = "EDGE_NATIVE_ISA is " + std::string(forced) + ", which this machine does not have. Use one of " +
         names + ", or leave it out.";
  return nullptr;
}

}  // namespace edge
