// What the loop needs of a board. board_stdio.cc is one for a computer; write your own for a sensor.

#ifndef EDGE_MICRO_BOARD_H_
#define EDGE_MICRO_BOARD_H_

enum class Sample { kReady, kNewRecording, kEnd };

// Wait for the next `count` numbers of the sensor. kNewRecording: what follows has nothing to do with what was.
Sample NextSample(float* numbers, int count);

// One number of an answer; `last`: of this answer.
void Show(float number, bool last);

// Tell what is wrong: the exit code of main.
int Complain(const char* words);

#endif  // EDGE_MICRO_BOARD_H_
