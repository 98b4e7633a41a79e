// One LSTM node that the library took: what the runtime calls in its place.
#pragma once
#include <memory>

#include "node.h"

namespace edge {

class Runner {
 public:
  Runner(const Description& d, std::shared_ptr<const Kernel> kernel);
  ~Runner() { release(scratch); }
  Runner(const Runner&) = delete;

  TfLiteStatus prepare(TfLiteContext* context) const;  // checks the shapes, gives the output its own
  TfLiteStatus invoke(TfLiteContext* context) const;

 private:
  Kind kind;
  Sizes sizes;
  int input, h, c, output;
  bool time_major;
  std::shared_ptr<const Kernel> kernel;
  void* scratch;
};

}  // namespace edge
