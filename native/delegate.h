// The delegate: asked once a graph, it takes the LSTM nodes that it can run and remembers why not the others.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "node.h"

namespace edge {

struct Reported {
  int node;
  std::string name;  // of its output tensor
  std::string kind;  // as name_of() says it; empty where it is left to the runtime
  std::string why_not;
};

class Delegate {
 public:
  explicit Delegate(const KernelSet* set);
  static Delegate* of(void* delegate);  // null where the pointer is not one of ours

  TfLiteDelegate base;  // what the runtime sees
  std::string json();   // see edge_native_report in edge_native.h

 private:
  static TfLiteStatus prepare(TfLiteContext* context, TfLiteDelegate* delegate);
  TfLiteStatus take_nodes(TfLiteContext* context);
  std::shared_ptr<const Kernel> kernel_for(const Description& d);
  friend struct Calls;

  const KernelSet* set;
  std::mutex mutex;  // one delegate may serve interpreters in several threads
  struct Graph {
    TfLiteContext* context;
    std::string refused;
    std::vector<Reported> layers;
  };
  std::vector<Graph>
      report;  // a graph each: the runtime shows every one of a file, and again after each resize
  std::map<uint64_t, std::shared_ptr<const Kernel>>
      kernels;  // tflite-runtime prepares a graph up to three times
};

}  // namespace edge
