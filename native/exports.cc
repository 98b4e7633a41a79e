#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>

#include "delegate.h"
#include "edge_native.h"
#include "isa.h"

#define EDGE_EXPORT extern "C" __attribute__((visibility("default")))

namespace {

// A text of this thread's, valid until the next call.
const char* kept(std::string text) {
  static thread_local std::string last;
  last = std::move(text);
  return last.c_str();
}

}  // namespace

EDGE_EXPORT void* tflite_plugin_create_delegate(char**, char**, size_t, void (*report_error)(const char*)) {
  try {
    std::string why;
    if (const edge::KernelSet* set = edge::chosen_set(&why)) return &(new edge::Delegate(set))->base;
    if (report_error) report_error(why.c_str());  // null from C
  } catch (const std::exception& error) {
    if (report_error) report_error(error.what());
  }
  return nullptr;
}

EDGE_EXPORT void tflite_plugin_destroy_delegate(void* delegate) { delete edge::Delegate::of(delegate); }

EDGE_EXPORT const char* edge_native_version() { return EDGE_VERSION; }

EDGE_EXPORT const char* edge_native_isa() {
  std::string why;
  const edge::KernelSet* set = edge::chosen_set(&why);
  return set ? set->isa : nullptr;
}

EDGE_EXPORT const char* edge_native_isa_error() {
  std::string why;
  edge::chosen_set(&why);
  return kept(why);
}

EDGE_EXPORT const char* edge_native_isas() {
  std::string names;
  for (const edge::KernelSet* set : edge::available_sets())
    names += (names.empty() ? "" : ",") + std::string(set->isa);
  return kept(names);
}

EDGE_EXPORT char* edge_native_report(void* delegate) {
  edge::Delegate* ours = edge::Delegate::of(delegate);
  return ours ? strdup(ours->json().c_str()) : nullptr;
}

EDGE_EXPORT void edge_native_free(char* text) { std::free(text); }
