#pragma once
#include <algorithm>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "core/text.h"
#include "study/job/job_options.h"

namespace bandwright {

// "--model llama3-8b --tp 8 --whole-graphs" as a job; an option without a value is a flag. `other` gets the
// name and the value of an option that is none of a job's.
inline Job typed_job(std::string_view words,
                     const std::function<void(std::string_view name, const std::string& value)>& other = {}) {
  Job job;
  const std::vector<std::string_view> typed = split(words, ' ');
  for (std::size_t i = 0; i < typed.size(); ++i) {
    std::string key(typed[i].substr(2));
    std::ranges::replace(key, '-', '_');
    const JobOption* option = find_job_option(key);
    const bool flag = i + 1 == typed.size() || typed[i + 1].starts_with("--");
    const std::string value(flag ? "true" : typed[++i]);
    if (option != nullptr) {
      job.*option->word = value;
    } else if (other) {
      other(key, value);
    } else {
      throw std::invalid_argument(key);
    }
  }
  return job;
}

}  // namespace bandwright
