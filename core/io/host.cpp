#include "core/io/host.h"

#include <algorithm>
#include <fstream>
#include <string>

namespace bandwright {
namespace {

std::optional<double> number_in(const char* file) {
  double value = 0.0;
  if (std::ifstream(file) >> value) return value;
  return std::nullopt;  // not there, or "max"
}

// /proc/meminfo has lines such as "MemAvailable:   19842712 kB".
std::optional<double> system_memory() {
  std::ifstream file("/proc/meminfo");
  std::string key;
  double kibibytes = 0.0;
  std::string unit;
  while (file >> key >> kibibytes) {
    if (key == "MemAvailable:") return kibibytes * 1024.0;
    std::getline(file, unit);
  }
  return std::nullopt;
}

}  // namespace

std::optional<double> available_memory() {
  std::optional<double> memory = system_memory();
  const std::optional<double> limit = number_in("/sys/fs/cgroup/memory.max");
  if (!limit) return memory;
  const double left = std::max(0.0, *limit - number_in("/sys/fs/cgroup/memory.current").value_or(0.0));
  return std::min(left, memory.value_or(left));
}

}  // namespace bandwright
