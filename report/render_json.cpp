#include <nlohmann/json.hpp>

#include "core/error.h"
#include "report/render.h"

namespace bandwright {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Value& value) {
  return std::visit(
      [](const auto& each) -> Json {
        if constexpr (std::is_same_v<std::decay_t<decltype(each)>, std::monostate>) {
          return nullptr;
        } else {
          return each;
        }
      },
      value.any);
}

struct JsonParts {
  Json& root;

  void operator()(const Facts& facts) const {
    Json& object = facts.key == nullptr ? root : root[std::string(facts.key->name)] = Json::object();
    for (const Fact& fact : facts.rows) {
      if (fact.key != nullptr && fact.shown != Shown::ToPeople) {
        object[std::string(fact.key->name)] = json_of(fact.value);
      }
    }
  }
  void operator()(const Table& table) const {
    if (table.key == nullptr || table.shown == Shown::ToPeople) return;
    Json& rows = root[std::string(table.key->name)] = Json::array();
    for (const auto& row : table.rows) {
      Json object = Json::object();
      for (std::size_t c = 0; c < table.columns.size(); ++c) {
        const Table::Column& column = table.columns[c];
        if (column.shown == Shown::ToPeople) continue;
        Json& place = column.within == nullptr ? object : object[std::string(column.within->name)];
        place[std::string(column.key->name)] = json_of(row[c]);
      }
      rows.push_back(std::move(object));
    }
  }
  void operator()(const List& list) const {
    if (list.key != nullptr) root[std::string(list.key->name)] = list.items;
  }
  void operator()(const Chart& /*chart*/) const {}
};

}  // namespace

std::string render_json(const Document& document, const TextStyle& /*style*/) {
  if (const std::string fault = fault_of(document); !fault.empty()) throw InputError("the answer: " + fault);
  Json root;
  root["schema_version"] = schema_version;
  if (!document.verdict.text.empty()) root["verdict"] = document.verdict.text;
  const JsonParts add{root};
  for (const Part& part : document.parts) std::visit(add, part);
  root["notes"] = document.notes;
  return root.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace bandwright
