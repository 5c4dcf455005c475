#pragma once
#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

namespace bandwright {

// Trial studies last from milliseconds to years: whole nanoseconds, 292 years.
using TrialTime = std::chrono::nanoseconds;

// One independent training run of a study: how long it takes alone when it runs to its end, and how good its
// outcome is (greater is better), which decides what a scheduler that stops poor trials does with it.
struct Trial {
  TrialTime duration{};
  double quality = 0.0;
};

// How long trials take, as people write it:
//   42.85 s                  all alike
//   40 s, 42 s, 47.5 s       given, one per trial
//   uniform(30 s, 60 s)      sampled between two times
//   normal(43 s, 5 s)        mean and standard deviation, at most the mean; what is not positive is drawn
//   again lognormal(43 s, 0.3)     median and the standard deviation of the logarithm, at most 5
//   exponential(43 s)        mean
// Samples are whole nanoseconds up to 100 days, the same for the same seed. Qualities are always sampled,
// evenly between 0 and 1. Throws InputError for anything else, and when the times given are not `jobs` many.
std::vector<Trial> make_trials(std::string_view durations, int jobs, std::uint64_t seed);

}  // namespace bandwright
