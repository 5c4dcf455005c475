#pragma once
#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>
#include <thread>

namespace bandwright {

// Memory in use on the fullest GPU, in bytes, of the answer of
// `nvidia-smi --query-gpu=memory.used --format=csv,noheader,nounits`: a number of MiB per line. Nothing where
// no line is a number.
std::optional<std::int64_t> fullest_gpu(std::string_view answer);

// Asks nvidia-smi again and again while it lives, where there is one: the most that any answer said.
class GpuMemoryWatch {
 public:
  // `there`: whether nvidia-smi is, so that a machine without one is asked once.
  explicit GpuMemoryWatch(bool there);
  ~GpuMemoryWatch();
  GpuMemoryWatch(const GpuMemoryWatch&) = delete;
  GpuMemoryWatch& operator=(const GpuMemoryWatch&) = delete;

  // Ends the watch. 0 where nothing was heard.
  std::int64_t peak_bytes();

 private:
  std::atomic<std::int64_t> peak_{0};
  std::jthread asking_;
};

// Whether nvidia-smi is found and answers.
bool has_nvidia_smi();

}  // namespace bandwright
