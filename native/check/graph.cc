#include "graph.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../delegate.h"
#include "../edge_native.h"
#include "layers.h"

namespace check {
namespace {

struct FreeArray {
  void operator()(TfLiteIntArray* array) const { std::free(array); }
};
using IntArray = std::unique_ptr<TfLiteIntArray, FreeArray>;
IntArray array(const std::vector<int>& numbers) {
  auto* made =
      static_cast<TfLiteIntArray*>(std::malloc(sizeof(TfLiteIntArray) + numbers.size() * sizeof(int)));
  made->size = static_cast<int>(numbers.size());
  if (!numbers.empty()) std::memcpy(made->data, numbers.data(), numbers.size() * sizeof(int));
  return IntArray(made);
}

// One float LSTM, and a node before it that is nobody's.
class Graph {
 public:
  Graph(Layers& layers, int batch, int steps) : o(layers.o) {
    context.impl_ = this;
    context.GetExecutionPlan = [](TfLiteContext* c, TfLiteIntArray** plan) {
      *plan = self(c).plan.get();
      return kTfLiteOk;
    };
    context.ResizeTensor = [](TfLiteContext* c, TfLiteTensor* tensor, TfLiteIntArray* dims) {
      self(c).resize(static_cast<size_t>(tensor - self(c).tensors.data()), IntArray(dims));
      return kTfLiteOk;
    };
    context.ReportError = report_error;
    context.GetNodeAndRegistration = [](TfLiteContext* c, int index, TfLiteNode** node,
                                        TfLiteRegistration** of) {
      *node = &self(c).nodes[index].first;
      *of = &self(c).nodes[index].second;
      return kTfLiteOk;
    };
    context.ReplaceNodeSubsetsWithDelegateKernels = reinterpret_cast<void*>(&Graph::replace);
    const edge::FloatLayer& layer = layers.floats;
    operands.assign(24, -1);
    operands[0] = add(nullptr, {batch, steps, o.inputs});
    for (int g = o.coupled ? 1 : 0; g < 4; g++) {
      operands[1 + g] = add(layer.input[g].floats, {o.cells, o.inputs});
      operands[5 + g] = add(layer.recurrent[g].floats, {o.cells, o.outputs});
      operands[12 + g] = add(layer.bias[g], {o.cells});
    }
    operands[18] = add(nullptr, {batch, o.outputs}, true);
    operands[19] = add(nullptr, {batch, o.cells}, true);
    output = add(nullptr, {1, 1, 1});
    context.tensors = tensors.data();
    context.tensors_size = tensors.size();
    registration.invoke = [](TfLiteContext*, TfLiteNode*) { return kTfLiteOk; };
    add_node({operands[0]}, {}, 0);
    add_node(operands, {output}, kTfLiteBuiltinUnidirectionalSequenceLstm);
    plan = array({0, 1});
  }
  ~Graph() {
    if (taken.free && runner) taken.free(&context, runner);
  }

  bool run() {
    TfLiteNode node = {};
    node.user_data = runner;
    if (taken.prepare(&context, &node) != kTfLiteOk) return false;
    context.tensors = tensors.data();
    return taken.invoke(&context, &node) == kTfLiteOk;
  }
  void resize(size_t index, IntArray dims) {
    size_t count = 1;
    for (int n = 0; n < dims->size; n++) count *= static_cast<size_t>(dims->data[n]);
    data[index].assign(count, 0.25f);
    shapes[index] = std::move(dims);
    tensors[index].dims = shapes[index].get();
    tensors[index].data = data[index].data();
    tensors[index].bytes = count * sizeof(float);
  }

  Options o;
  TfLiteContext context = {};
  std::vector<TfLiteTensor> tensors;
  std::vector<std::pair<TfLiteNode, TfLiteRegistration_Later>> nodes;
  std::vector<int> operands;
  std::vector<std::vector<float>> data;
  int output = -1;
  IntArray plan;
  TfLiteRegistration_Later registration = {}, taken = {};
  void* runner = nullptr;
  std::string said;

 private:
  static Graph& self(TfLiteContext* c) { return *static_cast<Graph*>(c->impl_); }

  static void report_error(TfLiteContext* c, const char* format, ...) {
    char text[200];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    self(c).said = text;
  }

  static TfLiteStatus replace(TfLiteContext* c, TfLiteRegistration_Later with, const TfLiteIntArray* which,
                              TfLiteDelegate* delegate) {
    const IntArray copy = array({which->data, which->data + which->size});
    const TfLiteDelegateParams params = {delegate, copy.get(), nullptr, nullptr};
    Graph& graph = self(c);
    // As tflite-runtime does: more than once.
    for (int n = 0; n < 3; n++) {
      if (graph.runner) with.free(c, graph.runner);
      graph.runner = with.init(c, reinterpret_cast<const char*>(&params), 0);
    }
    graph.taken = with;
    return kTfLiteOk;
  }

  int add(const float* from, const std::vector<int>& shape, bool variable = false) {
    tensors.push_back({});
    data.emplace_back();
    shapes.emplace_back();
    const size_t index = tensors.size() - 1;
    resize(index, array(shape));
    TfLiteTensor& tensor = tensors[index];
    tensor.type = kTfLiteFloat32;
    tensor.name = "a \"name\"";
    tensor.is_variable = variable;
    tensor.allocation_type = static_cast<TfLiteAllocationType>(from ? kTfLiteMmapRo : 2);
    if (from) std::memcpy(tensor.data, from, tensor.bytes);
    return static_cast<int>(index);
  }
  void add_node(const std::vector<int>& inputs, const std::vector<int>& outputs, int code) {
    TfLiteNode node = {};
    for (const std::vector<int>* indices : {&inputs, &outputs}) arrays.push_back(array(*indices));
    node.inputs = arrays[arrays.size() - 2].get();
    node.outputs = arrays.back().get();
    node.builtin_data = &params;
    registration.builtin_code = code;
    registration.version = 1;
    nodes.emplace_back(node, registration);
  }

  std::vector<IntArray> shapes, arrays;
  TfLiteUnidirectionalSequenceLSTMParams params = {kTfLiteActTanh, 0, 0, false, false, false};
};

int expect(bool holds, const char* what) {
  if (!holds) std::printf("graph: %s\n", what);
  return holds ? 0 : 1;
}

std::string report(void* delegate) {
  char* text = edge_native_report(delegate);
  const std::string kept = text ? text : "";
  edge_native_free(text);
  return kept;
}

}  // namespace

int graphs() {
  int failures = 0;
  Layers layers({5, 17, 17, false, false, false, false, false});
  void* made = tflite_plugin_create_delegate(nullptr, nullptr, 0, nullptr);
  auto* delegate = static_cast<TfLiteDelegate*>(made);
  const auto one = [&] {
    for (const int batch : {1, 4}) {
      for (const int steps : {0, 1, 9}) {
        Graph graph(layers, batch, steps);
        if (delegate->Prepare(&graph.context, delegate) != kTfLiteOk || !graph.run()) return false;
        const std::vector<float>& y = graph.data[graph.output];
        if (y.size() != static_cast<size_t>(batch) * steps * 17 || (!y.empty() && y.back() == 0.25f))
          return false;
        graph.resize(0, array({batch + 1, 3, 5}));
        if (graph.run() || graph.said.find("batch") == std::string::npos) return false;
      }
    }
    return true;
  };
  bool there = false;
  std::thread other([&] { there = one(); });
  failures += expect(one(), "one delegate on graphs of several batches");
  other.join();
  failures += expect(there, "the same in another thread");

  tflite_plugin_destroy_delegate(made);
  made = tflite_plugin_create_delegate(nullptr, nullptr, 0, nullptr);
  delegate = static_cast<TfLiteDelegate*>(made);
  Graph taken(layers, 1, 2);
  delegate->Prepare(&taken.context, delegate);
  failures += expect(report(made).find("\"name\": \"a \\\"name\\\"\", \"taken\": true") != std::string::npos,
                     "a report");
  Graph variable(layers, 1, 2);
  variable.tensors[variable.operands[4]].allocation_type = static_cast<TfLiteAllocationType>(2);
  delegate->Prepare(&variable.context, delegate);
  failures += expect(!variable.runner && report(made).find("not constant") != std::string::npos,
                     "weights that change");
  Graph cut(layers, 1, 2);
  cut.tensors[cut.operands[7]].bytes -= 4;
  delegate->Prepare(&cut.context, delegate);
  failures += expect(!cut.runner && report(made).find("\"refused\": \"The structures") != std::string::npos,
                     "a foreign layout");
  Graph foreign(layers, 1, 2);
  foreign.tensors[foreign.operands[6]].dims->data[0] = 16;
  foreign.tensors[foreign.operands[6]].bytes = 16 * 17 * 4;
  delegate->Prepare(&foreign.context, delegate);
  failures += expect(!foreign.runner && report(made).find("another shape") != std::string::npos,
                     "weights of another shape");
  tflite_plugin_destroy_delegate(made);
  return failures;
}

}  // namespace check
