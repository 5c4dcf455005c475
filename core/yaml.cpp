#include "core/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <sstream>
#include <unordered_set>

#include "core/io/paths.h"
#include "core/stopping.h"
#include "core/text.h"

namespace bandwright {

struct YamlValue::Node {
  YAML::Node yaml;
};

namespace {

std::string_view kind_of(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Map:
      return "a map";
    case YAML::NodeType::Sequence:
      return "a list";
    case YAML::NodeType::Scalar:
      return "a single value";
    default:
      return "nothing";
  }
}

int line_of(const YAML::Node& node) { return node.Mark().is_null() ? 0 : node.Mark().line + 1; }

std::string key_text(const YAML::Node& key, const Place& place) {
  if (!key.IsScalar()) throw InputError({place.file, line_of(key), place.key}, "a key must be plain text");
  return key.Scalar();
}

// Every value costs some 500 bytes in memory; the largest of our own inputs has 300.
constexpr std::size_t most_bytes = std::size_t{4} << 20;
constexpr int max_values = 500'000;

[[noreturn]] void refuse_values(const Place& place) {
  throw InputError(place, fmt::format("holds more than {} values", max_values));
}

// Passes over a text and throws where a second document, or what the parser takes for one, begins, and beyond
// the limit of values, before any of them takes memory. YAML::LoadAll does not return from some such texts
// (yaml-cpp issue 1040: ",").
class OneDocumentOnly : public YAML::EventHandler {
 public:
  explicit OneDocumentOnly(const Place& place) : place_(place) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 1) return;
    throw InputError({place_.file, mark.line + 1, ""},
                     "does not belong to the YAML document above, expected one document");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override { count(); }
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override { count(); }
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {
    count();
  }
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    count();
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    count();
  }
  void OnMapEnd() override {}

 private:
  void count() {
    stop_.look_now_and_then();
    if (++values_ > 2 * max_values) refuse_values(place_);  // keys are counted here, too
  }

  const Place& place_;
  int documents_ = 0;
  int values_ = 0;
  StopCheck stop_;
};

// The only document of `text`, null when there is none.
YAML::Node load_one(const std::string& text, const Place& place) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  OneDocumentOnly handler(place);
  while (parser.HandleNextDocument(handler)) {
  }
  return YAML::Load(text);
}

constexpr int max_depth = 64;

void require_keys_once(const YAML::Node& map, const Place& place) {
  std::unordered_set<std::string_view> seen;
  for (const auto& entry : map) {
    if (entry.first.IsScalar() && !seen.insert(entry.first.Scalar()).second) {
      throw InputError({place.file, line_of(entry.first), ""},
                       fmt::format("key '{}' stands twice", entry.first.Scalar()));
    }
  }
}

// Counts the values at and below `node`, repeated ones again, for aliases let a few lines stand for an
// endless or an exponentially large tree that readers would walk. Throws beyond the limits, and where a key
// stands twice.
void require_small_tree(const YAML::Node& node, const Place& place, int depth, int& values) {
  if (depth > max_depth) {
    throw InputError({place.file, line_of(node), ""},
                     fmt::format("is nested more than {} levels deep, or holds itself", max_depth));
  }
  if (++values > max_values) refuse_values(place);
  if (node.IsMap()) require_keys_once(node, place);
  for (const auto& entry : node) {
    require_small_tree(node.IsMap() ? entry.second : entry, place, depth + 1, values);
  }
}

// The value of the first key when that is the one that says what the file is; takes it out of the document.
std::string take_kind(YAML::Node& document, const Place& place) {
  if (!document.IsMap() || document.begin() == document.end()) return {};
  const auto first = *document.begin();
  if (!first.first.IsScalar() || first.first.Scalar() != kind_key) return {};
  if (!first.second.IsScalar() || first.second.Scalar().empty()) {
    throw InputError({place.file, line_of(first.first), std::string(kind_key)},
                     "expected what the file is, such as machine");
  }
  std::string kind = first.second.Scalar();
  for (char& c : kind)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;  // as names, in any case
  document.remove(first.first);
  return kind;
}

// Few, or the first of them and where all stand.
std::string known_keys(std::span<const std::string_view> names) {
  constexpr std::size_t most = 16;
  if (names.size() <= most) return fmt::format("known: {}", fmt::join(names, ", "));
  constexpr std::size_t shown = 8;
  return fmt::format("known: {} and {} more; bandwright check --reference has all",
                     fmt::join(names.first(shown), ", "), names.size() - shown);
}

}  // namespace

YamlValue::YamlValue(std::shared_ptr<const Node> node, Place place)
    : node_(std::move(node)), place_(std::move(place)) {}

YamlValue YamlValue::parse(std::string_view text, std::string file_name) {
  Place place{.file = std::move(file_name)};
  if (!is_utf8(text)) throw InputError(place, "is not UTF-8 text");
  if (text.find('\0') != std::string_view::npos) throw InputError(place, "is binary, expected YAML text");
  try {
    YAML::Node document = load_one(std::string(text), place);
    if (document.IsNull()) throw InputError(place, "is empty, expected YAML");
    int values = 0;
    require_small_tree(document, place, 0, values);
    place.line = line_of(document);
    std::string kind = take_kind(document, place);
    YamlValue root(std::make_shared<const Node>(Node{document}), place);
    root.declared_kind_ = std::move(kind);
    return root;
  } catch (const YAML::Exception& error) {
    place.line = error.mark.is_null() ? 0 : error.mark.line + 1;
    throw InputError(place, fmt::format("not valid YAML: {}", error.msg));
  }
}

YamlValue YamlValue::load(const std::filesystem::path& file) {
  if (is_written_out(file.native())) return parse(file.native(), "{...}");
  return parse(read_text_file(file, most_bytes), file.string());
}

YamlValue YamlValue::child(const Node& key, const Node& value) const {
  const std::string& name = key.yaml.Scalar();
  return {std::make_shared<const Node>(value),
          {place_.file, line_of(key.yaml), place_.key.empty() ? name : place_.key + '.' + name}};
}

std::vector<std::string> YamlValue::keys() const {
  if (!is_map()) fail(fmt::format("expected a map of keys, got {}", kind_of(node_->yaml)));
  std::vector<std::string> names;
  for (const auto& entry : node_->yaml) names.push_back(key_text(entry.first, place_));
  return names;
}

void YamlValue::require_keys(std::span<const std::string_view> names) const {
  static_cast<void>(keys());
  for (const auto& entry : node_->yaml) {
    const std::string& key = entry.first.Scalar();
    if (std::find(names.begin(), names.end(), key) == names.end()) {
      throw InputError(
          {place_.file, line_of(entry.first), place_.key},
          fmt::format("unknown key '{}'{} ({})", key, did_you_mean(key, names), known_keys(names)));
    }
  }
}

std::optional<YamlValue> YamlValue::find(std::string_view key) const {
  if (!is_map()) fail(fmt::format("expected a map of keys, got {}", kind_of(node_->yaml)));
  for (const auto& entry : node_->yaml) {
    if (entry.first.IsScalar() && entry.first.Scalar() == key) return child({entry.first}, {entry.second});
  }
  return std::nullopt;
}

YamlValue YamlValue::at(std::string_view key) const {
  if (std::optional<YamlValue> value = find(key)) return *value;
  fail(fmt::format("missing key '{}'", key));
}

bool YamlValue::is_map() const { return node_->yaml.IsMap(); }
bool YamlValue::is_list() const { return node_->yaml.IsSequence(); }

std::vector<std::pair<std::string, YamlValue>> YamlValue::entries() const {
  static_cast<void>(keys());
  std::vector<std::pair<std::string, YamlValue>> result;
  for (const auto& entry : node_->yaml) {
    result.emplace_back(entry.first.Scalar(), child({entry.first}, {entry.second}));
  }
  return result;
}

std::vector<YamlValue> YamlValue::items() const {
  if (!is_list()) fail(fmt::format("expected a list, got {}", kind_of(node_->yaml)));
  std::vector<YamlValue> result;
  for (const auto& item : node_->yaml) {
    const std::string path = fmt::format("{}[{}]", place_.key, result.size());
    result.push_back(YamlValue(std::make_shared<const Node>(Node{item}), {place_.file, line_of(item), path}));
  }
  return result;
}

std::string YamlValue::scalar(std::string_view expected) const {
  if (!node_->yaml.IsScalar()) fail(fmt::format("expected {}, got {}", expected, kind_of(node_->yaml)));
  return node_->yaml.Scalar();
}

std::string YamlValue::as_string() const {
  std::string text = scalar("text");
  if (trimmed(text).empty()) fail("expected text, got an empty one");
  return text;
}

bool YamlValue::as_bool() const {
  const std::string text = scalar("true or false");
  if (text == "true") return true;
  if (text == "false") return false;
  fail(fmt::format("expected true or false, got '{}'", text));
}

std::int64_t YamlValue::as_integer(std::int64_t low, std::int64_t high) const {
  return parsed("a whole number", [&](std::string_view text) { return parse_integer(text, low, high); });
}
double YamlValue::as_number(double low, double high) const {
  return parsed("a number", [&](std::string_view text) { return parse_number(text, low, high); });
}
double YamlValue::as_amount(double least, double most) const {
  return parsed("a number", [&](std::string_view text) { return parse_amount(text, least, most); });
}
Time YamlValue::as_time() const { return parsed("a time", parse_time); }
Bytes YamlValue::as_bytes() const { return parsed("a size", parse_bytes); }
Bandwidth YamlValue::as_bandwidth() const { return parsed("a bandwidth", parse_bandwidth); }
FlopRate YamlValue::as_flop_rate() const { return parsed("a compute rate", parse_flop_rate); }

}  // namespace bandwright
