#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace bandwright {

// How the work grows with the workers. Strong: the same work on more workers. Weak: every worker brings its
// own.
enum class ScalingMode : std::uint8_t { Strong, Weak };

// One measurement: `workers` (threads, processes, nodes: whatever was varied) needed `seconds` for one unit
// of work. The unit is the same at every worker count, so that laws of strong and weak scaling meet the same
// numbers: the whole job for strong scaling, one worker's share (or one item, such as an image) for weak.
struct ScalingPoint {
  int workers = 0;
  double seconds = 0.0;
  friend bool operator==(const ScalingPoint&, const ScalingPoint&) = default;
};

struct ScalingSeries {
  std::string name;  // "" when the file has no column `series`
  ScalingMode mode = ScalingMode::Strong;
  std::string value_name = "seconds";  // the measured column
  bool is_rate = false;                // it holds work per second rather than seconds
  std::vector<ScalingPoint> points;    // by rising worker count, each count once

  // `seconds` for a unit of work on n workers, as the measured column would show them; and back.
  [[nodiscard]] double shown(double n, double seconds) const;
  [[nodiscard]] double seconds_of(double n, double value) const;
};

// Measurements as CSV with a header. Columns, in any order and beside others that are ignored:
//   n        (or workers, nodes)  whole number from 1
//   seconds                       of one run; or instead a rate of work done by all workers together, in a
//                                 column that ends in _per_sec (images_per_sec) or is items_per_s, which is
//                                 read as weak scaling
//   series   (optional)           several curves in one file
// With `mode` weak, `seconds` are of a run in which the work grew with n.
// Throws InputError (file:line: column: problem) for a missing column, text or a number out of range, a
// worker count that stands twice in a series, and a series of fewer than two points.
// With `measured` Rate, the rate is read where a file has both, such as that of `scale measure --rate`.
enum class MeasuredAs : std::uint8_t { TimeOrRate, Rate };
std::vector<ScalingSeries> read_scaling_csv(const std::filesystem::path& file, ScalingMode mode,
                                            MeasuredAs measured = MeasuredAs::TimeOrRate);
std::vector<ScalingSeries> parse_scaling_csv(std::string_view text, const std::string& file_name,
                                             ScalingMode mode, MeasuredAs measured = MeasuredAs::TimeOrRate);

}  // namespace bandwright
