// The engine as two foreign functions of XLA, which JAX calls without a way through Python: what a call is stands in
// two attributes, made when it was traced.
#include <string.h>

#include "exports.h"
#include "xla_c.h"

namespace {

using training::Problem;

constexpr size_t POINTERS = offsetof(Problem, x);  // behind the numbers

XlaError* error(const XlaCall* call, const char* message, int code) {
  XlaErrorArguments arguments = {sizeof(XlaErrorArguments), nullptr, message, code};
  return call->api->create_error(&arguments);
}

// An attribute that is an array of int64; null where there is none.
const XlaArray* attribute(const XlaCall* call, const char* name) {
  const XlaAttributes& all = call->attributes;
  for (int64_t k = 0; k < all.count; k++) {
    const XlaText& found = *all.names[k];
    if (found.length != strlen(name) || memcmp(found.start, name, found.length)) continue;
    const XlaArray* array = (const XlaArray*)all.all[k];
    return all.types[k] == XLA_ARRAY && array->type == XLA_INT64 ? array : nullptr;
  }
  return nullptr;
}

XlaError* run(XlaCall* call, const char* (*what)(const Problem*)) {
  if (call->extensions && call->extensions->type == XLA_EXTENSION_METADATA) {
    // We use what every version 0.x has, and so are of the version that asks.
    XlaVersion& version = ((XlaMetadataExtension*)call->extensions)->metadata->version;
    version.major = 0;
    version.minor = call->api ? call->api->version.minor : 1;
    return nullptr;
  }
  const XlaArray* numbers = attribute(call, "numbers");
  const XlaArray* places = attribute(call, "places");
  const int64_t given = call->arguments.count, all = given + call->results.count;
  if (!numbers || numbers->count * sizeof(int64_t) != POINTERS || !places || (int64_t)places->count != all)
    return error(call, "The training engine was called by another version of its package; build it again.",
                 XLA_INVALID_ARGUMENT);
  Problem problem = {};
  memcpy((void*)&problem, numbers->data, POINTERS);
  alignas(64) static float nothing[16];  // an array without elements is there all the same
  for (int64_t k = 0; k < all; k++) {
    const size_t place = (size_t)((const int64_t*)places->data)[k];
    if (place < POINTERS || place > sizeof(Problem) - sizeof(void*) || place % sizeof(void*))
      return error(call, "The training engine was called with a place that it does not have.",
                   XLA_INVALID_ARGUMENT);
    void* data = k < given ? call->arguments.all[k]->data : call->results.all[k - given]->data;
    if (!data) data = nothing;
    memcpy((char*)&problem + place, &data, sizeof data);
  }
  const char* wrong = what(&problem);
  return wrong ? error(call, wrong, XLA_RESOURCE_EXHAUSTED) : nullptr;
}

}  // namespace

TRAINING_EXPORT XlaError* training_xla_forward(XlaCall* call) { return run(call, training_forward); }
TRAINING_EXPORT XlaError* training_xla_backward(XlaCall* call) { return run(call, training_backward); }
