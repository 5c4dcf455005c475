#include "formats/chakra/chakra_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.h"
#include "core/io/files.h"
#include "core/text.h"
#include "formats/chakra.pb.h"
#include "formats/chakra/chakra_schema.h"

namespace bandwright {
namespace {

constexpr std::uint64_t longest_message = 64U << 20U;
constexpr std::int64_t most_node_bytes = std::int64_t{1} << 50;
constexpr std::uint64_t longest_us = 100ULL * 86'400'000'000;

struct NodeError {
  std::string problem;
};

std::int64_t whole_number(const chakra::Attribute& attribute) {
  const auto checked = [&](auto value) -> std::int64_t {
    if (value > static_cast<decltype(value)>(most_node_bytes * 1024))
      throw NodeError{printable(attribute.name()) + " is too large"};
    return static_cast<std::int64_t>(value);
  };
  switch (attribute.value_case()) {
    case chakra::Attribute::kInt32Value:
      return attribute.int32_value();
    case chakra::Attribute::kInt64Value:
      return checked(attribute.int64_value());
    case chakra::Attribute::kUint32Value:
      return attribute.uint32_value();
    case chakra::Attribute::kUint64Value:
      return checked(attribute.uint64_value());
    case chakra::Attribute::kSint32Value:
      return attribute.sint32_value();
    case chakra::Attribute::kSint64Value:
      return checked(attribute.sint64_value());
    default:
      throw NodeError{printable(attribute.name()) + " is not a whole number"};
  }
}

Bytes byte_count(const chakra::Attribute& attribute) {
  const std::int64_t count = whole_number(attribute);
  if (count < 0 || count > most_node_bytes)
    throw NodeError{printable(attribute.name()) + " is out of range: 0 to 1 PiB"};
  return Bytes(count);
}

CollectiveKind collective_of(const chakra::Attribute& attribute) {
  const std::int64_t type = whole_number(attribute);
  if (type < 0 || type >= static_cast<std::int64_t>(schema_names.size())) {
    throw NodeError{fmt::format("comm_type {} is not in the schema", type)};
  }
  const auto index = static_cast<std::size_t>(type);
  if (!schema_collectives[index]) throw NodeError{fmt::format("{} is not supported", schema_names[index])};
  return *schema_collectives[index];
}

bool truth(const chakra::Attribute& attribute) {
  return attribute.value_case() == chakra::Attribute::kBoolValue ? attribute.bool_value()
                                                                 : whole_number(attribute) != 0;
}

std::string text_of(const chakra::Attribute& attribute) {
  return attribute.value_case() == chakra::Attribute::kStringValue ? printable(attribute.string_value())
                                                                   : std::to_string(whole_number(attribute));
}

void read_attribute(const chakra::Attribute& attribute, TraceNode& node) {
  const std::string_view name = attribute.name();
  const bool communicates = node.kind == TraceNodeKind::Collective || node.kind == TraceNodeKind::Send ||
                            node.kind == TraceNodeKind::Receive;
  if (name == exact_duration) {
    const std::int64_t ps = whole_number(attribute);
    if (ps < 0) throw NodeError{std::string(name) + " is negative"};
    node.duration = Time(ps);
  } else if (name == "is_cpu_op") {
    node.on_cpu = truth(attribute);
  } else if (name == "num_ops") {
    node.operations = static_cast<std::uint64_t>(std::max<std::int64_t>(0, whole_number(attribute)));
  } else if (name == "tensor_size") {
    node.tensor = byte_count(attribute);
  } else if (name == "comm_size" && communicates) {
    node.collective.bytes = byte_count(attribute);
  } else if (name == "comm_type" && node.kind == TraceNodeKind::Collective) {
    node.collective.kind = collective_of(attribute);
  } else if (name == "pg_name" && communicates) {
    node.group = text_of(attribute);
  } else if (name == "involved_dim" && attribute.value_case() == chakra::Attribute::kBoolList) {
    node.dimensions.assign(attribute.bool_list().values().begin(), attribute.bool_list().values().end());
  } else if ((name == "comm_dst" && node.kind == TraceNodeKind::Send) ||
             (name == "comm_src" && node.kind == TraceNodeKind::Receive)) {
    node.peer = whole_number(attribute);
  } else if (name == "comm_tag" && communicates) {
    node.tag = whole_number(attribute);
  }
}

TraceNodeKind kind_of(chakra::NodeType type) {
  switch (type) {
    case chakra::METADATA_NODE:
      return TraceNodeKind::Metadata;
    case chakra::MEM_LOAD_NODE:
    case chakra::MEM_STORE_NODE:
      return TraceNodeKind::Memory;
    case chakra::COMP_NODE:
      return TraceNodeKind::Compute;
    case chakra::COMM_SEND_NODE:
      return TraceNodeKind::Send;
    case chakra::COMM_RECV_NODE:
      return TraceNodeKind::Receive;
    case chakra::COMM_COLL_NODE:
      return TraceNodeKind::Collective;
    case chakra::STORAGE_NODE:
    case chakra::BATCH_NODE:
    case chakra::CHECKPOINT_NODE:
      return TraceNodeKind::Storage;
    default:
      throw NodeError{fmt::format("type {} is not in the schema", static_cast<int>(type))};
  }
}

// "0.0.4", "1.1.1-chakra.0.0.4", "1.0.0"; older files say nothing.
bool is_known(const std::string& version) {
  return version.empty() || version.find(schema_version) != std::string::npos ||
         version == later_schema_version || version.ends_with(std::string("chakra.") + later_schema_version);
}

// What a node that communicates has to say: which collective, and how many bytes.
void require_communication(const chakra::Node& message, const TraceNode& node) {
  const auto says = [&](std::string_view name) {
    return std::any_of(message.attr().begin(), message.attr().end(),
                       [&](const chakra::Attribute& attribute) { return attribute.name() == name; });
  };
  if (node.kind == TraceNodeKind::Collective && !says("comm_type")) throw NodeError{"has no comm_type"};
  const bool sends = node.kind == TraceNodeKind::Collective || node.kind == TraceNodeKind::Send;
  if (sends && !says("comm_size")) throw NodeError{"has no comm_size"};
}

TraceNode node_of(const chakra::Node& message) {
  TraceNode node{.id = message.id(), .kind = kind_of(message.type()), .name = printable(message.name())};
  if (node.kind == TraceNodeKind::Send || node.kind == TraceNodeKind::Receive) {
    node.collective.kind = CollectiveKind::PointToPoint;
  }
  node.dependencies.assign(message.data_deps().begin(), message.data_deps().end());
  node.dependencies.insert(node.dependencies.end(), message.ctrl_deps().begin(), message.ctrl_deps().end());
  if (message.duration_micros() > longest_us) throw NodeError{"duration_micros is beyond 100 days"};
  node.duration = Time(static_cast<std::int64_t>(message.duration_micros()) * 1'000'000);
  if (node.kind == TraceNodeKind::Metadata) node.text = message.inputs().values();
  for (const chakra::Attribute& attribute : message.attr()) read_attribute(attribute, node);
  require_communication(message, node);
  return node;
}

}  // namespace

TraceFile::TraceFile(const std::filesystem::path& file)
    : path_(file), stream_(plain_file(file), std::ios::binary), node_(std::make_unique<chakra::Node>()) {
  std::error_code error;
  size_ = std::filesystem::file_size(file, error);
  if (error || !stream_) throw InputError(Place{file.string()}, "cannot be read");
  if (size_ == 0) throw InputError(Place{file.string()}, "is empty, expected a Chakra trace");
  chakra::Metadata metadata;
  if (!read_message() || !metadata.ParseFromString(message_)) fail("is not a Chakra trace (no metadata)");
  if (!is_known(metadata.version())) {
    fail(fmt::format("schema version '{}' is not supported, expected {} or {}", printable(metadata.version()),
                     schema_version, later_schema_version));
  }
}

TraceFile::~TraceFile() = default;

void TraceFile::fail(const std::string& problem) const {
  throw InputError(Place{path_.string()}, fmt::format("byte {}: {}", position_, problem));
}

std::uint64_t TraceFile::read_length() {
  std::uint64_t length = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const int byte = stream_.rdbuf()->sbumpc();
    if (byte == std::ifstream::traits_type::eof()) fail("ends inside a message length");
    ++read_;
    length |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if ((byte & 0x80) == 0) return length;
  }
  fail("is not a Chakra trace (a message length of more than 10 bytes)");
}

bool TraceFile::read_message() {
  position_ = read_;
  if (position_ >= size_) return false;
  const std::uint64_t length = read_length();
  if (length > longest_message) fail(fmt::format("a message of {} bytes, expected at most 64 MiB", length));
  if (length > size_ - read_) {
    fail(fmt::format("is truncated: a message of {} bytes, but {} are left", length, size_ - read_));
  }
  message_.resize(length);
  const auto wanted = static_cast<std::streamsize>(length);
  if (stream_.rdbuf()->sgetn(message_.data(), wanted) != wanted) fail("cannot be read");
  read_ += length;
  return true;
}

std::optional<TraceNode> TraceFile::next() {
  if (!read_message()) return std::nullopt;
  chakra::Node& message = *node_;
  if (!message.ParseFromString(message_)) fail("is not a node of a Chakra trace");
  try {
    return node_of(message);
  } catch (const NodeError& error) {
    throw InputError(Place{path_.string()},
                     fmt::format("node {} (byte {}): {}", message.id(), position_, error.problem));
  }
}

}  // namespace bandwright
