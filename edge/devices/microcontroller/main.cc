// The stream loop on a microcontroller. What belongs to the board is in board.h; the model in model.h and model.cc,
// which `python -m edge convert ... --c-array DIR` writes.

#include "board.h"
#include "lstm_stream.h"
#include "model.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

#ifndef ARENA_BYTES  // `python -m edge benchmark --tflm model.tflite` says how many; leave a margin
#define ARENA_BYTES 16384
#endif
#ifndef STATE_BYTES
#define STATE_BYTES 1024
#endif

namespace {
alignas(16) uint8_t arena[ARENA_BYTES];
alignas(4) uint8_t states[STATE_BYTES];
float sample[MODEL_INPUT_0_SIZE];

TfLiteStatus AddOperators(tflite::MicroMutableOpResolver<MODEL_OPERATORS>& resolver) {
  TfLiteStatus status = kTfLiteOk;
  // Put here what model.h lists under MODEL_OPERATORS.
#define ADD(call) status = status == kTfLiteOk ? resolver.call : status
  // -- operators --
  ADD(AddFullyConnected());
  ADD(AddReshape());
  ADD(AddUnidirectionalSequenceLSTM());
  // -- end of operators --
#undef ADD
  return status;
}
}  // namespace

int main() {
  static tflite::MicroMutableOpResolver<MODEL_OPERATORS> resolver;
  if (AddOperators(resolver) != kTfLiteOk) return Complain("an operator is not in this build");
  static tflite::MicroInterpreter interpreter(tflite::GetModel(model_data), resolver, arena, sizeof(arena));
  static LstmStream stream(interpreter, MODEL_STATES, states, sizeof(states));
  if (const char* words = stream.Begin()) return Complain(words);
  for (;;) {
    switch (NextSample(sample, MODEL_INPUT_0_SIZE)) {
      case Sample::kEnd:
        return 0;
      case Sample::kNewRecording:
        if (!stream.Reset()) return Complain("the state cannot be reset");
        break;
      case Sample::kReady:
        if (!stream.Step(sample)) return Complain("the runtime failed");
        for (int i = 0; i < stream.OutputCount(); i++) Show(stream.Output(i), i + 1 == stream.OutputCount());
    }
  }
}
