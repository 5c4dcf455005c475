#pragma once
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "formats/chakra/chakra_file.h"
#include "tests/support/reference_csv.h"

namespace bandwright {

// A training step of tests/data/gpt_traces.csv on so many NPUs: DP innermost, then TP, then stages.
struct GptDivision {
  std::string trace;
  int data = 1;
  int tensor = 1;
  int stages = 1;

  [[nodiscard]] int stage_npus() const { return data * tensor; }
  [[nodiscard]] int npus() const { return stage_npus() * stages; }
};

// A row's node; a message's peer is a stage, a collective's group "dp" or "tp".
inline TraceNode gpt_node(const ReferenceRow& row) {
  const std::string& kind = row.at("kind");
  TraceNode node{.id = std::stoull(row.at("id"))};
  for (const std::string_view id : split(row.at("after"), ' ')) {
    if (!id.empty()) node.dependencies.push_back(std::stoull(std::string(id)));
  }
  const Bytes size = bytes(std::stoll(row.at("bytes")));
  if (kind == "compute") {
    node.operations = row.at("flop").empty() ? 0 : std::stoull(row.at("flop"));
    node.tensor = size;
    return node;
  }
  node.collective.bytes = size;
  if (kind == "send" || kind == "receive") {
    node.kind = kind == "send" ? TraceNodeKind::Send : TraceNodeKind::Receive;
    node.peer = std::stoll(row.at("peer"));
    node.tag = std::stoll(row.at("tag"));
    return node;
  }
  node.kind = TraceNodeKind::Collective;
  node.collective.kind = collective_kind(kind);
  node.group = row.at("group");
  return node;
}

// Writes its Chakra traces, <folder>/w.<NPU>.et, and the NPUs of their process groups, <folder>/w.json.
inline void write_gpt_traces(const GptDivision& division, const std::filesystem::path& folder) {
  std::vector<std::vector<TraceNode>> stages(static_cast<std::size_t>(division.stages));
  for (const ReferenceRow& row : reference_rows("gpt_traces")) {
    if (row.at("trace") == division.trace) stages.at(std::stoul(row.at("stage"))).push_back(gpt_node(row));
  }
  std::map<std::string, std::vector<int>> groups;
  for (int npu = 0; npu < division.npus(); ++npu) {
    const int stage = npu / division.stage_npus();
    const int place = npu % division.stage_npus();
    // Numbers, as in other tools' files: groups of DP first.
    const int data_group = stage * division.tensor + place / division.data;
    const int tensor_group =
        division.stages * division.tensor + stage * division.data + place % division.data;
    const std::map<std::string, std::string> group = {
        {"", ""}, {"dp", std::to_string(data_group)}, {"tp", std::to_string(tensor_group)}};
    groups[group.at("dp")].push_back(npu);
    groups[group.at("tp")].push_back(npu);
    TraceWriter writer(folder / fmt::format("w.{}.et", npu));
    for (TraceNode node : stages[static_cast<std::size_t>(stage)]) {
      node.group = group.at(node.group);
      if (node.peer >= 0) node.peer = node.peer * division.stage_npus() + place;
      writer.write(node);
    }
    writer.close();
  }
  std::ofstream json(folder / "w.json");
  std::string_view separator = "{";
  for (const auto& [name, npus] : groups) {
    json << separator << fmt::format("\"{}\": [{}]", name, fmt::join(npus, ", "));
    separator = ", ";
  }
  json << "}";
}

}  // namespace bandwright
