// The threads: they stay, they know their cores, and a child of fork() gets new ones.
#pragma once
#include <stdint.h>

namespace training {

// What a thread of a crew does: `which` of `count` shares.
typedef void (*Work)(void* context, int which, int count);

// The helpers, lent to one caller at a time. Who comes meanwhile works alone. (No function is inline: see memory.h.)
class Crew {
 public:
  explicit Crew(int most);  // threads, the caller among them
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  int threads() const;
  // All shares from 0 to count - 1, and returns when they are done. With at most threads() of them they run at the
  // same time.
  void run(Work work, void* context, int count);

 private:
  int threads_;
  bool lent_;
};

// A place where `members` threads wait for each other.
struct Barrier {
  int members;
  int waiting;
  unsigned round;
};
void wait_for_all(Barrier* barrier);

}  // namespace training
