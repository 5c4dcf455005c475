#include "study/plan/proof_json.h"

#include <fmt/format.h>

#include "core/error.h"
#include "core/text.h"

namespace bandwright {
namespace {

constexpr double most_written = 1e300;

std::string shown(const ProofJson& value) {
  constexpr std::size_t longest = 40;
  return printable(value.dump(-1, ' ', true, ProofJson::error_handler_t::replace).substr(0, longest));
}

template <class Read>
auto at_key(const ProofJson& line, const char* key, Read read) {
  const ProofJson& value = line.at(key);
  try {
    return read(value);
  } catch (const InputError& error) {
    throw InputError(fmt::format("{}: {}", key, error.what()));
  }
}

}  // namespace

std::int64_t proof_whole(const ProofJson& value, std::int64_t low, std::int64_t high) {
  if (!value.is_number_integer()) throw InputError(fmt::format("{}, expected a whole number", shown(value)));
  const bool beyond =
      value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(high);
  if (beyond || value.get<std::int64_t>() < low || value.get<std::int64_t>() > high) {
    throw InputError(fmt::format("{} is out of range: expected {} to {}", shown(value), low, high));
  }
  return value.get<std::int64_t>();
}

std::int64_t proof_whole(const ProofJson& line, const char* key, std::int64_t low, std::int64_t high) {
  return at_key(line, key, [&](const ProofJson& value) { return proof_whole(value, low, high); });
}

double proof_number(const ProofJson& value) {
  if (!value.is_number()) throw InputError(fmt::format("{}, expected a number", shown(value)));
  const auto read = value.get<double>();
  if (read >= 0.0 && read <= most_written) return read;
  throw InputError(fmt::format("{} is out of range: expected 0 to {:g}", shown(value), most_written));
}

double proof_number(const ProofJson& line, const char* key) {
  return at_key(line, key, [](const ProofJson& value) { return proof_number(value); });
}

std::string problem_of(const ProofJson::exception& error) {
  const std::string said = error.what();
  const std::size_t end = said.find("] ");
  return said.starts_with('[') && end != std::string::npos ? said.substr(end + 2) : said;
}

}  // namespace bandwright
