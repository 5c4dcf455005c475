#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/parse_option.h"
#include "study/job/job.h"

namespace bandwright {

// What an option is about: the jobs that have it, and its heading in the help.
enum class OptionGroup : std::uint8_t {
  Workloads,
  Collectives,
  Machines,
  Npus,  // in place of a machine
  Networks,
  Libraries,
  Divisions,  // of a transformer: what people set first
  Finer,      // and what few do
  Tables,     // of layer tables
  Files,      // of other tools' files
  Bandwidths,
  Prices,
  Memories,
};

// An option of a job: the one table behind the command line's options, the keys of sweeps and keywords of
// other languages.
struct JobOption {
  std::string_view name;  // as the member, and as a sweep's key: "virtual_stages"
  std::string Job::*word;
  OptionGroup group;
  std::string_view type;    // what is expected, "COUNT"; empty: a flag, whose words are true and false
  std::string_view usual;   // what stands in an empty word's place; empty: the question decides
  std::string_view help;    // lines of the command line's help
  std::string_view plural;  // a sweep's other key for it: "models"; empty: none
};
std::span<const JobOption> job_options();
const JobOption& job_option(std::string Job::*word);
// By name or plural; null where there is none.
const JobOption* find_job_option(std::string_view key);

// "--virtual-stages"
std::string typed_name(const JobOption& option);

// The options given, in the table's order.
std::vector<const JobOption*> given_options(const Job& job);
// The word of a job, or the usual one.
std::string_view word_of(const Job& job, std::string Job::*word);
// What `parse` makes of it; its InputError names the option.
template <class Parse>
decltype(auto) read_word(const Job& job, std::string Job::*word, Parse parse) {
  return parse_option(typed_name(job_option(word)), word_of(job, word), parse);
}
// A whole number from 1 up to `most`.
std::int64_t read_count(const Job& job, std::string Job::*word, std::int64_t most = std::int64_t{1} << 24);
bool read_flag(const Job& job, std::string Job::*word);

// Throws InputError for the first option given of these groups, but for `allowed`: "--tp is for transformers;
// WHY".
void refuse_given(const Job& job, std::span<const OptionGroup> groups,
                  std::span<std::string Job::*const> allowed, std::string_view why);

}  // namespace bandwright
