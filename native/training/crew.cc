#include "crew.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <pthread.h>
#include <signal.h>
#if defined(__linux__)
#include <sched.h>
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace training {
namespace {

constexpr int SPINS = 4000;  // some 20 microseconds: the next piece of work is often as near
constexpr int MOST = 64;

inline void breathe() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// What the helpers share. Never freed: a helper may still look at it when the process ends.
struct Pool {
  std::mutex lent;  // held by the caller that has the helpers
  std::mutex mutex;
  std::condition_variable work_is_here;
  std::atomic<unsigned> round{0};
  std::atomic<int> open{0};  // shares not done yet
  int sleeping = 0;
  int helpers = 0;
  int next = 0, count = 0, taking_part = 0, most = 0;
  Work work = nullptr;
  void* context = nullptr;
  int core = -1;  // of the caller, when the helpers last were told theirs
#if defined(__linux__)
  pthread_t threads[MOST];
#endif
};

std::atomic<Pool*> the_pool{nullptr};

void forget_the_pool() { the_pool.store(new Pool); }  // in the child there is none of its threads

Pool* pool() {
  static std::once_flag once;
  std::call_once(once, [] {
    the_pool.store(new Pool);
    pthread_atfork(nullptr, nullptr, forget_the_pool);
  });
  return the_pool.load();
}

// One share of what is to be done, if one is left.
bool do_one(Pool* p) {
  int which;
  {
    std::lock_guard<std::mutex> guard(p->mutex);
    if (p->next >= p->count) return false;
    which = p->next++;
  }
  p->work(p->context, which, p->count);
  p->open.fetch_sub(1, std::memory_order_acq_rel);
  return true;
}

void help(Pool* p) {
  unsigned seen = 0;
  for (;;) {
    for (int spin = 0; spin < SPINS && p->round.load(std::memory_order_acquire) == seen; spin++) breathe();
    {
      std::unique_lock<std::mutex> guard(p->mutex);
      p->sleeping++;
      p->work_is_here.wait(guard, [&] { return p->round.load() != seen; });
      p->sleeping--;
      seen = p->round.load();
      if (p->taking_part >= p->most) continue;  // fewer threads were asked for than there are
      p->taking_part++;
    }
    while (do_one(p)) {
    }
  }
}

int start_helpers(Pool* p, int wanted) {
  sigset_t all, before;  // signals are for the threads of the program
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  while (p->helpers < wanted && p->helpers < MOST) {
    try {
      std::thread thread(help, p);
#if defined(__linux__)
      p->threads[p->helpers] = thread.native_handle();
#endif
      thread.detach();
    } catch (const std::exception&) {
      break;  // the system gives no more threads: with fewer, then
    }
    p->helpers++;
    p->core = -1;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return p->helpers;
}

// A helper that wakes on the caller's core waits for the caller: give them the others.
void tell_cores(Pool* p) {
#if defined(__linux__)
  const int here = sched_getcpu();
  if (here < 0 || here == p->core || !p->helpers) return;
  cpu_set_t allowed;
  if (pthread_getaffinity_np(pthread_self(), sizeof allowed, &allowed)) return;
  if (CPU_COUNT(&allowed) < 2 || !CPU_ISSET(here, &allowed)) return;
  CPU_CLR(here, &allowed);
  for (int k = 0; k < p->helpers; k++) pthread_setaffinity_np(p->threads[k], sizeof allowed, &allowed);
  p->core = here;
#endif
}

}  // namespace

Crew::Crew(int most) : threads_(1), lent_(false) {
  Pool* p = pool();
  if (most < 2 || !p->lent.try_lock()) return;
  lent_ = true;
  const int helpers = start_helpers(p, most - 1);
  threads_ = 1 + (helpers < most - 1 ? helpers : most - 1);
  tell_cores(p);
}

int Crew::threads() const { return threads_; }

Crew::~Crew() {
  if (lent_) pool()->lent.unlock();
}

void Crew::run(Work work, void* context, int count) {
  if (threads_ == 1 || count == 1) {
    for (int which = 0; which < count; which++) work(context, which, count);
    return;
  }
  Pool* p = pool();
  bool wake;
  {
    std::lock_guard<std::mutex> guard(p->mutex);
    p->work = work;
    p->context = context;
    p->next = 0;
    p->count = count;
    p->taking_part = 0;
    p->most = threads_ - 1;
    p->open.store(count);
    p->round.fetch_add(1, std::memory_order_release);
    wake = p->sleeping > 0;
  }
  if (wake) p->work_is_here.notify_all();
  while (do_one(p)) {
  }
  for (int spin = 0; p->open.load(std::memory_order_acquire); spin++) {
    if (spin < SPINS)
      breathe();
    else
      std::this_thread::yield();
  }
}

void wait_for_all(Barrier* barrier) {
  if (barrier->members == 1) return;
  const unsigned round = __atomic_load_n(&barrier->round, __ATOMIC_ACQUIRE);
  if (__atomic_add_fetch(&barrier->waiting, 1, __ATOMIC_ACQ_REL) == barrier->members) {
    __atomic_store_n(&barrier->waiting, 0, __ATOMIC_RELAXED);
    __atomic_add_fetch(&barrier->round, 1, __ATOMIC_RELEASE);
    return;
  }
  for (int spin = 0; __atomic_load_n(&barrier->round, __ATOMIC_ACQUIRE) == round; spin++) {
    if (spin < SPINS)
      breathe();
    else
      std::this_thread::yield();
  }
}

}  // namespace training
