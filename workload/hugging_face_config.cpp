#include "workload/hugging_face_config.h"

#include <fmt/format.h>

#include <array>

#include "core/error.h"
#include "core/text.h"

namespace bandwright {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t largest_size = std::int64_t{1} << 24;
constexpr std::array text_parts = {"text_config", "llm_config", "language_config"};

// Words that Python writes and JSON does not know, outside of strings: texts, which are no size.
std::string as_strict_json(std::string_view text) {
  std::string result;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') quoted = !quoted;
    if (quoted && c == '\\' && i + 1 < text.size()) {
      result += c;
      result += text[++i];
      continue;
    }
    bool replaced = false;
    for (const std::string_view word : {"-Infinity", "Infinity", "NaN"}) {
      if (quoted || replaced || text.substr(i, word.size()) != word) continue;
      result += fmt::format("\"{}\"", word);
      i += word.size() - 1;
      replaced = true;
    }
    if (!replaced) result += c;
  }
  return result;
}

bool says_nothing(const Json& value) {
  if (value.is_null() || (value.is_boolean() && !value.get<bool>())) return true;
  if (value.is_number()) return value == 0;
  return (value.is_string() || value.is_structured()) && value.empty();
}

bool is_size(const Json& value) { return value.is_number_integer() && value >= 0 && value <= largest_size; }

}  // namespace

HuggingFaceConfig::HuggingFaceConfig(std::string_view text, std::string file) : file_(std::move(file)) {
  json_ = Json::parse(as_strict_json(text), nullptr, false);
  if (json_.is_discarded() || !json_.is_object()) fail("", "not a JSON object");
  for (const char* part : text_parts) {
    const auto found = json_.find(part);
    if (found == json_.end() || !found->is_object()) continue;
    Json inner = *found;
    for (const auto& [key, value] : json_.items()) {
      const bool of_words = key == "vocab_size" || key.starts_with("tie_");
      if (of_words && !inner.contains(key)) inner[key] = value;
    }
    json_ = std::move(inner);
    nested_ = true;
    return;
  }
}

void HuggingFaceConfig::fail(std::string_view key, std::string_view problem) const {
  throw InputError(Place{.file = file_, .key = std::string(key)}, problem);
}

void HuggingFaceConfig::missing(const char* key) const {
  const std::vector<std::string> keys = unasked();
  const std::vector<std::string_view> others(keys.begin(), keys.end());
  fail(key, "missing" + did_you_mean(key, others));
}

const Json* HuggingFaceConfig::find(const char* key) const {
  const Json* inside = &json_;
  for (const std::string_view step : split(key, '.')) {
    asked_.emplace(step);
    if (!inside->is_object()) return nullptr;
    const auto found = inside->find(std::string(step));
    if (found == inside->end() || found->is_null()) return nullptr;
    inside = &*found;
  }
  return inside;
}

std::optional<std::int64_t> HuggingFaceConfig::find_size(std::initializer_list<const char*> keys) const {
  std::optional<std::int64_t> result;
  for (const char* key : keys) {
    const Json* value = find(key);  // all of them are asked for
    if (value == nullptr || result) continue;
    if (value->is_array() && !value->empty()) {
      for (const Json& each : *value) {
        if (each != value->front()) fail(key, "differs from layer to layer, which cannot be said here");
      }
      value = &value->front();
    }
    if (!is_size(*value)) fail(key, "expected a whole number from 0 to 2^24");
    result = value->get<std::int64_t>();
  }
  return result;
}

std::int64_t HuggingFaceConfig::size_or(std::initializer_list<const char*> keys,
                                        std::int64_t otherwise) const {
  return find_size(keys).value_or(otherwise);
}

std::string HuggingFaceConfig::text(std::initializer_list<const char*> keys) const {
  for (const char* key : keys) {
    const Json* value = find(key);
    if (value == nullptr) continue;
    if (!value->is_string()) fail(key, "expected a text");
    return value->get<std::string>();
  }
  return {};
}

std::optional<bool> HuggingFaceConfig::flag(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_boolean()) fail(key, "expected true or false");
  return value->get<bool>();
}

bool HuggingFaceConfig::is_list(const char* key) const {
  const Json* value = find(key);
  return value != nullptr && value->is_array();
}

std::vector<std::string> HuggingFaceConfig::list(const char* key) const {
  std::vector<std::string> words;
  const Json* value = find(key);
  if (value == nullptr) return words;
  if (!value->is_array()) fail(key, "expected a list");
  for (const Json& each : *value) words.push_back(each.is_string() ? each.get<std::string>() : each.dump());
  return words;
}

std::vector<std::string> HuggingFaceConfig::unasked() const {
  std::vector<std::string> keys;
  for (const auto& [key, value] : json_.items()) {
    if (!asked_.contains(key) && !says_nothing(value)) keys.push_back(key);
  }
  return keys;
}

}  // namespace bandwright
