#pragma once
#include <string>
#include <vector>

#include "report/document.h"

namespace bandwright {

// Where an answer comes from, for the foot of its page: the command, the program's version, the day
// ($SOURCE_DATE_EPOCH where it is set), and hashes of the inputs that come along and of the files that the
// command reads, which are among the words `read`.
Facts origin_of(const std::vector<std::string>& words, const std::vector<std::string>& read);

// The command as one types it in a shell.
std::string typed(const std::vector<std::string>& words);

}  // namespace bandwright
