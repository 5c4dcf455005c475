#include "scaling/trial_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/random/exponential_distribution.hpp>
#include <boost/random/mersenne_twister.hpp>
#include <boost/random/normal_distribution.hpp>
#include <boost/random/uniform_01.hpp>
#include <cmath>

#include "core/catalogue.h"
#include "core/error.h"
#include "core/text.h"
#include "core/units.h"

namespace bandwright {
namespace {

// Boost's generators give the same numbers on every platform; the standard library's need not.
using Random = boost::random::mt19937_64;

constexpr double longest_ns = 100 * 86400e9;

double parse_ns(std::string_view text) {
  const double ns = to_ns(parse_time(text));
  if (!(ns >= 1.0)) throw InputError(fmt::format("'{}' must be at least 1 ns", printable(text)));
  return ns;
}

TrialTime whole_ns(double ns) { return TrialTime(std::llround(std::clamp(ns, 1.0, longest_ns))); }

struct Distribution {
  std::string_view name;
  std::string_view help;
  double (*second_parameter)(std::string_view text, double first);  // null: takes one
  double (*draw)(Random& random, double first, double second);      // ns
};

double parse_end(std::string_view text, double begin) {
  const double end = parse_ns(text);
  if (end < begin)
    throw InputError(fmt::format("'{}' must not be shorter than the first time", printable(text)));
  return end;
}

double parse_deviation(std::string_view text, double mean) {
  const double deviation = to_ns(parse_time(text));
  if (deviation > mean) throw InputError(fmt::format("deviation '{}' is above the mean", printable(text)));
  return deviation;
}

double draw_normal(Random& random, double mean, double deviation) {
  boost::random::normal_distribution<double> normal(mean, deviation);
  for (;;) {  // five of six draws are positive, as the deviation is at most the mean
    const double ns = normal(random);
    if (ns > 0.0) return ns;
  }
}

constexpr std::array distributions = {
    Distribution{"uniform", "uniform(FROM, TO)", parse_end,
                 [](Random& random, double from, double to) {
                   return from + (to - from) * boost::random::uniform_01<double>()(random);
                 }},
    Distribution{"normal", "normal(MEAN, DEVIATION)", parse_deviation, draw_normal},
    Distribution{"lognormal", "lognormal(MEDIAN, SIGMA)",
                 [](std::string_view text, double) { return parse_number(text, 0.0, 5.0); },
                 [](Random& random, double median, double sigma) {
                   return median * std::exp(boost::random::normal_distribution<double>(0.0, sigma)(random));
                 }},
    Distribution{"exponential", "exponential(MEAN)", nullptr,
                 [](Random& random, double mean, double) {
                   return boost::random::exponential_distribution<double>(1.0 / mean)(random);
                 }},
};

std::vector<TrialTime> sample(std::string_view text, std::size_t open, std::size_t jobs, Random& random) {
  const Distribution& distribution =
      find_in_catalogue<Distribution>(distributions, trimmed(text.substr(0, open)), "distribution");
  const std::size_t close = text.size() - 1;
  if (text[close] != ')') throw InputError(fmt::format("'{}' has no closing ')'", printable(text)));
  const std::vector<std::string_view> parameters = split(text.substr(open + 1, close - open - 1), ',');
  if (parameters.size() != (distribution.second_parameter == nullptr ? 1 : 2)) {
    throw InputError(fmt::format("'{}' is not {}", printable(text), distribution.help));
  }
  const double first = parse_ns(parameters[0]);
  const double second =
      distribution.second_parameter == nullptr ? 0.0 : distribution.second_parameter(parameters[1], first);
  std::vector<TrialTime> times;
  for (std::size_t i = 0; i < jobs; ++i) times.push_back(whole_ns(distribution.draw(random, first, second)));
  return times;
}

std::vector<TrialTime> given(std::string_view text, std::size_t jobs) {
  std::vector<TrialTime> times;
  for (const std::string_view part : split(text, ',')) times.push_back(whole_ns(parse_ns(part)));
  if (times.size() == 1) times.resize(jobs, times[0]);
  if (times.size() != jobs) {
    throw InputError(
        fmt::format("{} durations for {} jobs; give one for all or one each", times.size(), jobs));
  }
  return times;
}

}  // namespace

std::vector<Trial> make_trials(std::string_view durations, int jobs, std::uint64_t seed) {
  const auto count = static_cast<std::size_t>(jobs);
  const std::string_view text = trimmed(durations);
  const std::size_t open = text.find('(');
  Random random(seed);
  const std::vector<TrialTime> times =
      open == std::string_view::npos ? given(text, count) : sample(text, open, count, random);
  std::vector<Trial> trials;
  boost::random::uniform_01<double> quality;
  for (const TrialTime time : times) trials.push_back({.duration = time, .quality = quality(random)});
  return trials;
}

}  // namespace bandwright
