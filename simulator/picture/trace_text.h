#pragma once
#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/stopping.h"
#include "core/units.h"

namespace bandwright {

// Arguments of a slice, as JSON: {"layer":"attention","bytes":1024}.
class TraceArguments {
 public:
  TraceArguments& add(std::string_view name, std::string_view text);
  TraceArguments& add(std::string_view name, std::int64_t number);
  TraceArguments& add(std::string_view name, double number);  // four digits
  [[nodiscard]] std::string text() const { return "{" + text_ + "}"; }

 private:
  void begin(std::string_view name);
  std::string text_;
};

// A place of the trace: a process and a track of it.
struct TraceTrack {
  int process = 0;
  int track = 0;
};

// Writes events of the Chrome trace format, one per line.
class TraceText {
 public:
  void name_process(int process, std::string_view name);
  void name_track(TraceTrack at, std::string_view name);
  void slice(TraceTrack at, std::string_view name, std::string_view category, Time start, Time end,
             const TraceArguments& arguments);
  void counter(int process, std::string_view name, Time at, double value);
  // An arrow from the slice that ends at `sent` to the one that starts at `taken`.
  void arrow(std::string_view name, TraceTrack from, Time sent, TraceTrack to, Time taken);
  [[nodiscard]] std::string finish() &&;

 private:
  void begin_event();
  void name(std::string_view what, TraceTrack at, std::string_view name);

  std::string text_;
  std::int64_t arrows_ = 0;
  StopCheck stop_;
};

}  // namespace bandwright
