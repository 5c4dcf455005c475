#include "scaling/gpu_memory.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <system_error>

#include "core/error.h"
#include "core/io/process.h"
#include "core/text.h"
#include "core/units.h"

namespace bandwright {
namespace {

constexpr std::chrono::milliseconds between_questions(500);

std::optional<std::int64_t> ask() {
  constexpr std::chrono::seconds patience(20);
  try {
    const ProcessResult result =
        run_process({.command = {"nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"},
                     .environment = {},
                     .timeout = patience});
    if (result.end == ProcessEnd::Succeeded) return fullest_gpu(result.output);
  } catch (const std::system_error&) {  // no process to be had now: this answer is left out
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> fullest_gpu(std::string_view answer) {
  constexpr std::int64_t mib = 1 << 20;
  constexpr std::int64_t most_mib = 1 << 30;
  std::optional<std::int64_t> fullest;
  for (const std::string_view line : split(answer, '\n')) {
    try {
      const std::int64_t bytes = mib * parse_integer(line, 0, most_mib);
      fullest = std::max(fullest.value_or(0), bytes);
    } catch (const InputError&) {  // "[N/A]", a warning
    }
  }
  return fullest;
}

bool has_nvidia_smi() { return ask().has_value(); }

GpuMemoryWatch::GpuMemoryWatch(bool there) {
  if (!there) return;
  asking_ = std::jthread([this](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    do {
      peak_ = std::max(peak_.load(), ask().value_or(0));
      stopped.wait_for(lock, stop, between_questions, [] { return false; });
    } while (!stop.stop_requested());
  });
}

GpuMemoryWatch::~GpuMemoryWatch() { static_cast<void>(peak_bytes()); }

std::int64_t GpuMemoryWatch::peak_bytes() {
  if (asking_.joinable()) {
    asking_.request_stop();
    asking_.join();
  }
  return peak_;
}

}  // namespace bandwright
