#include "runner.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <vector>

namespace edge {

Runner::Runner(const Description& d, std::shared_ptr<const Kernel> made)
    : kind(d.kind),
      sizes(d.sizes),
      input(d.input),
      h(d.h),
      c(d.c),
      output(d.output),
      time_major(d.time_major),
      kernel(std::move(made)),
      scratch(allocate(kernel->scratch_bytes())) {
  std::memset(scratch, 0, kernel->scratch_bytes());
}

// The tensors are indexed anew at every call: their array moves, and a state has no memory at first.
TfLiteStatus Runner::prepare(TfLiteContext* context) const {
  const TfLiteTensor &x = context->tensors[input], &h_state = context->tensors[h],
                     &c_state = context->tensors[c];
  const auto fail = [&](const char* why) {
    context->ReportError(context, "LSTM: %s.", why);
    return kTfLiteError;
  };
  const bool is_int = kind == Kind::INTEGERS;
  if (x.type != (is_int ? kTfLiteInt8 : kTfLiteFloat32)) return fail("the input has changed its type");
  if (!x.dims || x.dims->size != 3) return fail("the input has to have three dimensions");
  if (x.dims->data[2] != sizes.inputs)
    return fail("the input has another number of features than the weights");
  const size_t batch = static_cast<size_t>(x.dims->data[time_major ? 1 : 0]);
  // The states keep the batch that the file was made for: a larger one would be written behind their end.
  const auto holds = [](const TfLiteTensor& tensor, size_t count) {
    size_t there = 1;
    for (int n = 0; n < tensor.dims->size; n++) there *= static_cast<size_t>(tensor.dims->data[n]);
    return there == count;
  };
  if (!holds(h_state, batch * sizes.outputs) || !holds(c_state, batch * sizes.cells))
    return fail("the batch is not the one that the states of the file were made for");
  auto* shape = static_cast<TfLiteIntArray*>(std::malloc(sizeof(TfLiteIntArray) + 3 * sizeof(int)));
  if (!shape) return fail("no memory is left");
  shape->size = 3;
  std::memcpy(shape->data, x.dims->data, 2 * sizeof(int));
  shape->data[2] = sizes.outputs;
  return context->ResizeTensor(context, &context->tensors[output], shape);
}

TfLiteStatus Runner::invoke(TfLiteContext* context) const {
  const TfLiteTensor& x = context->tensors[input];
  const int batch = x.dims->data[time_major ? 1 : 0], steps = x.dims->data[time_major ? 0 : 1];
  if (batch == 0 || steps == 0) return kTfLiteOk;
  const bool is_int = kind == Kind::INTEGERS;
  const size_t size = is_int ? 1 : 4, c_size = is_int ? 2 : 4;
  const auto* from = static_cast<const char*>(x.data);
  auto* to = static_cast<char*>(context->tensors[output].data);
  auto* h_state = static_cast<char*>(context->tensors[h].data);
  auto* c_state = static_cast<char*>(context->tensors[c].data);
  if (!from || !h_state || !c_state) return kTfLiteError;
  const size_t in_row = sizes.inputs * size, out_row = sizes.outputs * size;
  std::vector<char> unread(to ? 0 : out_row * steps * batch);  // an output that no node takes has no memory
  if (!to) to = unread.data();
  const bool apart = time_major && batch > 1;  // the steps of a sequence do not lie together
  std::vector<char> in(apart ? in_row * steps : 0), out(apart ? out_row * steps : 0);
  for (int b = 0; b < batch; b++) {
    char *h_row = h_state + b * out_row, *c_row = c_state + b * sizes.cells * c_size;
    if (!apart) {
      kernel->run(from + in_row * steps * b, steps, h_row, c_row, to + out_row * steps * b, scratch);
      continue;
    }
    for (int t = 0; t < steps; t++) std::memcpy(&in[t * in_row], from + (t * batch + b) * in_row, in_row);
    kernel->run(in.data(), steps, h_row, c_row, out.data(), scratch);
    for (int t = 0; t < steps; t++) std::memcpy(to + (t * batch + b) * out_row, &out[t * out_row], out_row);
  }
  return kTfLiteOk;
}

}  // namespace edge
