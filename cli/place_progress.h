#pragma once
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace bandwright {

// Tells on standard error how far a long piece of work is: a bar that is drawn over on a terminal, elsewhere
// a plain line every 10 seconds. Work that ends within a second is not mentioned.
class PlaceProgress {
 public:
  explicit PlaceProgress(double limit_seconds);
  ~PlaceProgress();
  PlaceProgress(const PlaceProgress&) = delete;
  PlaceProgress& operator=(const PlaceProgress&) = delete;

  void begin(const std::string& what);  // starts the clock of the next piece

 private:
  void watch();
  void show();

  const double limit_seconds_;
  const bool terminal_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool done_ = false;
  bool drawn_ = false;
  std::string what_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace bandwright
