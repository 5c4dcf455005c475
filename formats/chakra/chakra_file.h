#pragma once
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collective/collective.h"

namespace bandwright {

namespace chakra {
class Node;  // formats/chakra.proto
}  // namespace chakra

enum class TraceNodeKind : std::uint8_t {
  Metadata,
  Memory,
  Compute,
  Send,
  Receive,
  Collective,
  Storage,  // storage, a batch of data or a checkpoint, of schema 1.0.0
};

// One node of one NPU's Chakra execution trace, with the attributes that have a meaning here.
struct TraceNode {
  std::uint64_t id = 0;
  TraceNodeKind kind = TraceNodeKind::Compute;
  bool on_cpu = false;
  std::string name;
  std::vector<std::uint64_t> dependencies;  // ids; data and control alike
  Time duration;                            // measured; 0 when the trace has none
  std::uint64_t operations = 0;             // num_ops: FLOP of a compute node
  Bytes tensor;                             // tensor_size: bytes a compute or memory node touches

  Collective collective;         // of a collective, send or receive node: kind and bytes
  std::string group;             // process group of a collective; "" is all NPUs
  std::vector<bool> dimensions;  // of the network that a collective of all NPUs involves; empty: all
  std::int64_t peer = -1;        // NPU a send goes to or a receive comes from
  std::int64_t tag = 0;
  std::string text;  // inputs of a metadata node: process groups as JSON, perhaps
};

// Reads a trace file node by node; memory is one node. `position` is the byte a message starts at.
//
//   file     = message*          message = varint length, then that many bytes
//   message  = Metadata first, then Nodes (protobuf, schema 0.0.4 or 1.0.0)
//
// Every failure is an InputError "file: byte N: problem" or "file: node N: problem". A message is at most 64
// MiB and never longer than what is left of the file, so that a damaged length cannot ask for memory.
class TraceFile {
 public:
  explicit TraceFile(const std::filesystem::path& file);
  ~TraceFile();
  TraceFile(const TraceFile&) = delete;
  TraceFile& operator=(const TraceFile&) = delete;

  // The next node, or nothing at the end.
  std::optional<TraceNode> next();

  [[nodiscard]] std::uint64_t position() const { return position_; }
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  bool read_message();  // into message_; false at the end of the file
  std::uint64_t read_length();
  [[noreturn]] void fail(const std::string& problem) const;

  std::filesystem::path path_;
  std::ifstream stream_;
  std::uint64_t size_ = 0;
  std::uint64_t position_ = 0;  // of the message
  std::uint64_t read_ = 0;      // bytes of the file so far: asking the stream costs a call of the system
  std::string message_;
  std::unique_ptr<chakra::Node> node_;  // keeps its memory from node to node
};

// Writes a trace file in the same form.
class TraceWriter {
 public:
  explicit TraceWriter(const std::filesystem::path& file);  // throws InputError when it cannot be written
  void write(const TraceNode& node);
  void close();  // throws InputError when the disk refused

 private:
  void write_message(const std::string& message);

  std::filesystem::path path_;
  std::ofstream stream_;
};

}  // namespace bandwright
