// What the library exports, for ctypes. A function that can fail returns null, or a sentence.
#include "exports.h"

#include <exception>
#include <new>
#include <string>

#include "engine.h"
#include "memory.h"

namespace {

using training::Engine;
using training::Problem;

const Engine* engine_of(const Problem* problem) {
  int count;
  const Engine* const* all = training::engines(&count);
  return problem->isa >= 0 && problem->isa < count ? all[problem->isa] : nullptr;
}

const char* run(const Problem* problem, void (*Engine::*what)(const Problem&)) {
  const Engine* engine = engine_of(problem);
  if (!engine) return "The engine has no such instruction set.";
  try {
    (engine->*what)(*problem);
    return nullptr;
  } catch (const std::bad_alloc&) {
    return "The engine has no memory left; use smaller batches or shorter sequences.";
  } catch (const std::exception& error) {
    static thread_local std::string last;
    last = std::string("The engine failed (") + error.what() + ").";
    return last.c_str();
  }
}

}  // namespace

TRAINING_EXPORT const char* training_version() { return EDGE_VERSION; }

// Of the library's Problem: who describes it otherwise is of another version.
TRAINING_EXPORT int training_interface() { return TRAINING_INTERFACE; }
TRAINING_EXPORT int64_t training_problem_bytes() { return sizeof(Problem); }

// Every instruction set that is compiled and that this machine has, best first: "avx2,portable".
TRAINING_EXPORT const char* training_isas() {
  static const std::string names = [] {
    int count;
    const Engine* const* all = training::engines(&count);
    std::string list;
    for (int k = 0; k < count; k++) list += (k ? "," : "") + std::string(all[k]->isa);
    return list;
  }();
  return names.c_str();
}

TRAINING_EXPORT int64_t training_stash_floats(const Problem* problem) {
  const Engine* engine = engine_of(problem);
  return engine ? engine->stash_floats(*problem) : -1;
}

TRAINING_EXPORT const char* training_forward(const Problem* problem) {
  return run(problem, &Engine::forward);
}
TRAINING_EXPORT const char* training_backward(const Problem* problem) {
  return run(problem, &Engine::backward);
}

// Memory that begins at a cache line; null where there is none.
TRAINING_EXPORT void* training_take(uint64_t bytes) { return training::take_memory(bytes); }
TRAINING_EXPORT void training_give(void* memory) { training::give_memory(memory); }
