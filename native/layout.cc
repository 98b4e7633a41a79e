#include "layout.h"

#include <algorithm>

namespace edge {
namespace {

bool plausible(const TfLiteIntArray* indices, size_t tensors) {
  return indices && indices->size >= 0 && indices->size < 100000 &&
         std::all_of(indices->data, indices->data + indices->size,
                     [&](int n) { return n >= -1 && (n < 0 || static_cast<size_t>(n) < tensors); });
}

size_t element_bytes(TfLiteType type) {
  switch (type) {
    case kTfLiteFloat32:
    case kTfLiteInt32:
      return 4;
    case kTfLiteInt16:
    case kTfLiteFloat16:
      return 2;
    case kTfLiteInt8:
      return 1;
    default:
      return 0;
  }
}

// A constant has as many bytes as its shape says: true of no structure that is laid out otherwise.
bool plausible(const TfLiteTensor& tensor) {
  if (tensor.type < 0 || tensor.type > 64 || tensor.allocation_type < 0) return false;
  if (tensor.allocation_type > kTfLiteLastAllocationType) return false;
  const size_t size = element_bytes(tensor.type);
  if (tensor.allocation_type != kTfLiteMmapRo || !size || !tensor.dims || tensor.sparsity) return true;
  if (tensor.dims->size < 0 || tensor.dims->size > 16) return false;
  size_t count = 1;
  for (int n = 0; n < tensor.dims->size; n++) count *= static_cast<size_t>(tensor.dims->data[n]);
  return tensor.bytes == count * size;
}

bool is_known(size_t registration_bytes) {
  if (sizeof(void*) > 4)  // a larger one does no harm there
    return registration_bytes >= sizeof(TfLiteRegistration) &&
           registration_bytes <= sizeof(TfLiteRegistration_Later);
  return registration_bytes == sizeof(TfLiteRegistration) ||
         registration_bytes == sizeof(TfLiteRegistration_V2) ||
         registration_bytes == sizeof(TfLiteRegistration_V3) ||
         registration_bytes == sizeof(TfLiteRegistration_V4);
}

}  // namespace

Layout check_layout(TfLiteContext* context, const TfLiteIntArray* plan) {
  const Layout mismatch = {
      "The structures of this TensorFlow Lite runtime are not those that the library was written for.", 0};
  if (!plausible(plan, SIZE_MAX)) return mismatch;
  Layout layout = {"", 0};
  const char* last = nullptr;
  int last_index = -2;
  for (int n = 0; n < plan->size; n++) {
    TfLiteNode* node = nullptr;
    TfLiteRegistration* registration = nullptr;
    if (context->GetNodeAndRegistration(context, plan->data[n], &node, &registration) != kTfLiteOk)
      return mismatch;
    // The runtime keeps them as a pair, and the pairs in one array.
    const char* at = reinterpret_cast<const char*>(node);
    if (reinterpret_cast<const char*>(registration) - at != sizeof(TfLiteNode)) return mismatch;
    if (plan->data[n] == last_index + 1) {
      layout.registration_bytes = static_cast<size_t>(at - last) - sizeof(TfLiteNode);
      if (!is_known(layout.registration_bytes)) return mismatch;
    }
    last = at;
    last_index = plan->data[n];
    if (registration->builtin_code < 0 || registration->builtin_code > 1000) return mismatch;
    if (registration->version < 0 || registration->version > 1000) return mismatch;
    for (const TfLiteIntArray* indices : {node->inputs, node->outputs}) {
      if (!plausible(indices, context->tensors_size)) return mismatch;
      for (int i = 0; i < indices->size; i++)
        if (indices->data[i] >= 0 && !plausible(context->tensors[indices->data[i]])) return mismatch;
    }
  }
  return layout;
}

}  // namespace edge
