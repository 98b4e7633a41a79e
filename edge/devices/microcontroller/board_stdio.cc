// A board made of stdin and stdout: a line of numbers is a sample, an empty line a new recording.

#include "board.h"

#include <stdio.h>
#include <stdlib.h>

Sample NextSample(float* numbers, int count) {
  static char line[65536];
  if (fgets(line, sizeof(line), stdin) == nullptr) return Sample::kEnd;
  const char* place = line;
  for (int n = 0; n < count; n++) {
    char* end;
    numbers[n] = strtof(place, &end);
    if (end == place) return n == 0 ? Sample::kNewRecording : Sample::kEnd;
    place = end;
  }
  return Sample::kReady;
}

void Show(float number, bool last) { printf("%.9g%c", static_cast<double>(number), last ? '\n' : ' '); }

int Complain(const char* words) {
  fprintf(stderr, "%s\n", words);
  return 1;
}
