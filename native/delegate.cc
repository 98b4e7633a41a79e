#include "delegate.h"

#include <algorithm>
#include <cstring>
#include <exception>

#include "layout.h"
#include "runner.h"

namespace edge {

// What the runtime calls of a node that we took. No exception may leave: there is C on the other side.
struct Calls {
  static void* init(TfLiteContext* context, const char* buffer, size_t) {
    try {
      const auto* params = reinterpret_cast<const TfLiteDelegateParams*>(buffer);
      Delegate* delegate = Delegate::of(params->delegate);
      TfLiteIntArray* plan;
      if (!delegate || params->nodes_to_replace->size != 1) return nullptr;
      if (context->GetExecutionPlan(context, &plan) != kTfLiteOk) return nullptr;
      const Description d = describe(context, plan, params->nodes_to_replace->data[0]);
      if (!d.why_not.empty()) return nullptr;
      return new Runner(d, delegate->kernel_for(d));
    } catch (const std::exception&) {
      return nullptr;
    }
  }
  static void free(TfLiteContext*, void* runner) { delete static_cast<Runner*>(runner); }
  static TfLiteStatus prepare(TfLiteContext* context, TfLiteNode* node) {
    if (node->user_data) return static_cast<const Runner*>(node->user_data)->prepare(context);
    context->ReportError(context, "LSTM: no memory was left for the weights.");
    return kTfLiteError;
  }
  static TfLiteStatus invoke(TfLiteContext* context, TfLiteNode* node) {
    try {
      return static_cast<const Runner*>(node->user_data)->invoke(context);
    } catch (const std::exception&) {
      return kTfLiteError;
    }
  }
};

namespace {

constexpr size_t MOST_UNUSED =
    64;  // packed weights that are kept though no node has them: for the next prepare

template <class Registration>
TfLiteStatus replace(TfLiteContext* context, TfLiteDelegate* delegate, const TfLiteIntArray* node) {
  Registration registration = {};
  registration.init = Calls::init;
  registration.free = Calls::free;
  registration.prepare = Calls::prepare;
  registration.invoke = Calls::invoke;
  registration.builtin_code = kTfLiteBuiltinDelegate;
  registration.custom_name = "EdgeLSTM";
  registration.version = 1;
  const auto call =
      reinterpret_cast<ReplaceNodes<Registration>>(context->ReplaceNodeSubsetsWithDelegateKernels);
  return call(context, registration, node, delegate);
}

// By value, in the size that the runtime expects. On 64 bits a larger one does no harm, it lies behind the
// other arguments; on 32-bit Arm those lie behind it, and check_layout() has seen to it that the size is one
// of these. Where there is one node it cannot tell: then that of tflite-runtime 2.14, the only runtime there.
TfLiteStatus replace(TfLiteContext* context, TfLiteDelegate* delegate, const TfLiteIntArray* node,
                     size_t bytes) {
  if (sizeof(void*) == 4) {
    if (bytes == sizeof(TfLiteRegistration)) return replace<TfLiteRegistration>(context, delegate, node);
    if (bytes == sizeof(TfLiteRegistration_V2))
      return replace<TfLiteRegistration_V2>(context, delegate, node);
    if (bytes == sizeof(TfLiteRegistration_V3))
      return replace<TfLiteRegistration_V3>(context, delegate, node);
    return replace<TfLiteRegistration_V4>(context, delegate, node);
  }
  return replace<TfLiteRegistration_Later>(context, delegate, node);
}

void quote(std::string& to, const std::string& text) {
  to += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') to += '\\';
    to += static_cast<unsigned char>(c) < 32 ? ' ' : c;
  }
  to += '"';
}

}  // namespace

Delegate::Delegate(const KernelSet* set) : base(), set(set) {
  base.data_ = this;
  base.Prepare = prepare;
  base.flags = kTfLiteDelegateFlagsAllowDynamicTensors;
}

Delegate* Delegate::of(void* delegate) {
  auto* base = static_cast<TfLiteDelegate*>(delegate);
  return base && base->Prepare == prepare ? static_cast<Delegate*>(base->data_) : nullptr;
}

TfLiteStatus Delegate::prepare(TfLiteContext* context, TfLiteDelegate* delegate) {
  try {
    return of(delegate)->take_nodes(context);
  } catch (const std::exception&) {
    return kTfLiteOk;  // the runtime's own kernels run the model
  }
}

TfLiteStatus Delegate::take_nodes(TfLiteContext* context) {
  TfLiteIntArray* shown;
  if (context->GetExecutionPlan(context, &shown) != kTfLiteOk) return kTfLiteOk;
  const Layout layout = check_layout(context, shown);
  std::vector<Reported> found;
  std::vector<int> taken;
  // The runtime's array changes with the first node that is replaced.
  std::vector<int> plan(layout.mismatch.empty() ? shown->size : 0);
  if (!plan.empty()) std::memcpy(plan.data(), shown->data, plan.size() * sizeof(int));
  for (const int index : plan) {
    TfLiteNode* node;
    TfLiteRegistration* registration;
    if (context->GetNodeAndRegistration(context, index, &node, &registration) != kTfLiteOk) continue;
    if (registration->builtin_code != kTfLiteBuiltinUnidirectionalSequenceLstm) continue;
    const Description d = describe(context, shown, index);
    const char* name = node->outputs->size ? context->tensors[node->outputs->data[0]].name : nullptr;
    std::string kind = d.float16 ? "float16 weights" : name_of(d.kind);
    found.push_back({index, name ? name : "", d.why_not.empty() ? kind : "", d.why_not});
    if (d.why_not.empty()) taken.push_back(index);
  }
  {
    const std::lock_guard<std::mutex> lock(mutex);
    Graph graph = {context, layout.mismatch, std::move(found)};
    const auto known =
        std::find_if(report.begin(), report.end(), [&](const Graph& g) { return g.context == context; });
    if (known == report.end())
      report.push_back(std::move(graph));
    else
      *known = std::move(graph);
  }
  // A call for each: inside one partition the tensor between two layers would have no memory.
  std::vector<int> one = {1, 0};
  for (const int index : taken) {
    one[1] = index;
    const auto* nodes = reinterpret_cast<const TfLiteIntArray*>(one.data());
    if (replace(context, &base, nodes, layout.registration_bytes) != kTfLiteOk) return kTfLiteError;
  }
  return kTfLiteOk;
}

std::shared_ptr<const Kernel> Delegate::kernel_for(const Description& d) {
  const std::lock_guard<std::mutex> lock(mutex);
  std::shared_ptr<const Kernel>& kernel = kernels[d.content];
  if (kernel) return kernel;
  if (d.kind == Kind::FLOATS) kernel.reset(set->of_floats(d.floats));
  if (d.kind == Kind::BYTES) kernel.reset(set->of_bytes(d.floats));
  if (d.kind == Kind::INTEGERS) kernel.reset(set->of_integers(d.integers));
  const std::shared_ptr<const Kernel> made = kernel;
  for (auto at = kernels.begin(); at != kernels.end() && kernels.size() > MOST_UNUSED;)
    at = at->second.use_count() == 1 ? kernels.erase(at) : std::next(at);
  return made;
}

std::string Delegate::json() {
  const std::lock_guard<std::mutex> lock(mutex);
  std::string text = "{\"isa\": ";
  quote(text, set->isa);
  text += ", \"refused\": ";
  std::string refused;
  std::vector<Reported> layers;
  for (const Graph& graph : report) {
    refused = graph.refused.empty() ? refused : graph.refused;
    layers.insert(layers.end(), graph.layers.begin(), graph.layers.end());
  }
  quote(text, refused);
  text += ", \"layers\": [";
  for (size_t n = 0; n < layers.size(); n++) {
    const Reported& layer = layers[n];
    text += (n ? ", " : "") + std::string("{\"node\": ") + std::to_string(layer.node) + ", \"name\": ";
    quote(text, layer.name);
    text += std::string(", \"taken\": ") + (layer.why_not.empty() ? "true" : "false") + ", \"kind\": ";
    quote(text, layer.kind);
    text += ", \"why_not\": ";
    quote(text, layer.why_not);
    text += "}";
  }
  return text + "]}";
}

}  // namespace edge
