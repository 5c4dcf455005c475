#include "formats/chakra_file.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "core/error.h"
#include "core/text.h"
#include "formats/chakra.pb.h"

namespace bandwright {
namespace {

constexpr std::uint64_t longest_message = 64U << 20U;
constexpr std::int64_t most_bytes = std::int64_t{1} << 50;
constexpr std::uint64_t longest_us = 100ULL * 86'400'000'000;

// CollectiveCommType of the schema; the places of kinds that nothing here plays are empty.
constexpr std::array<std::optional<CollectiveKind>, 10> schema_collectives = {CollectiveKind::AllReduce,
                                                                              CollectiveKind::Reduce,
                                                                              CollectiveKind::AllGather,
                                                                              std::nullopt,
                                                                              std::nullopt,
                                                                              CollectiveKind::Broadcast,
                                                                              CollectiveKind::AllToAll,
                                                                              CollectiveKind::ReduceScatter,
                                                                              std::nullopt,
                                                                              std::nullopt};
constexpr std::array<std::string_view, 10> schema_names = {
    "ALL_REDUCE", "REDUCE",         "ALL_GATHER",           "GATHER", "SCATTER", "BROADCAST",
    "ALL_TO_ALL", "REDUCE_SCATTER", "REDUCE_SCATTER_BLOCK", "BARRIER"};

// An attribute of our own, which other tools ignore: the schema's field holds whole microseconds only.
constexpr const char* exact_duration = "duration_picoseconds";

struct NodeError {
  std::string problem;
};

std::int64_t whole_number(const chakra::Attribute& attribute) {
  const auto checked = [&](auto value) -> std::int64_t {
    if (value > static_cast<decltype(value)>(most_bytes * 1024))
      throw NodeError{attribute.name() + " is too large"};
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
      throw NodeError{attribute.name() + " is not a whole number"};
  }
}

Bytes byte_count(const chakra::Attribute& attribute) {
  const std::int64_t count = whole_number(attribute);
  if (count < 0 || count > most_bytes) throw NodeError{attribute.name() + " is out of range: 0 to 1 PiB"};
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
  return attribute.value_case() == chakra::Attribute::kStringValue ? attribute.string_value()
                                                                   : std::to_string(whole_number(attribute));
}

void read_attribute(const chakra::Attribute& attribute, TraceNode& node) {
  const std::string& name = attribute.name();
  const bool communicates = node.kind == TraceNodeKind::Collective || node.kind == TraceNodeKind::Send ||
                            node.kind == TraceNodeKind::Receive;
  if (name == exact_duration) {
    const std::int64_t ps = whole_number(attribute);
    if (ps < 0) throw NodeError{name + " is negative"};
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
  } else if (name == "pg_info" || name == "process_group") {
    node.members_json = text_of(attribute);
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
    default:
      throw NodeError{fmt::format("type {} is not in the schema", static_cast<int>(type))};
  }
}

TraceNode node_of(const chakra::Node& message) {
  TraceNode node{.id = message.id(), .kind = kind_of(message.type()), .name = message.name()};
  if (node.kind == TraceNodeKind::Send || node.kind == TraceNodeKind::Receive) {
    node.collective.kind = CollectiveKind::PointToPoint;
  }
  node.dependencies.assign(message.data_deps().begin(), message.data_deps().end());
  node.dependencies.insert(node.dependencies.end(), message.ctrl_deps().begin(), message.ctrl_deps().end());
  if (message.duration_micros() > longest_us) throw NodeError{"duration_micros is beyond 100 days"};
  node.duration = Time(static_cast<std::int64_t>(message.duration_micros()) * 1'000'000);
  for (const chakra::Attribute& attribute : message.attr()) read_attribute(attribute, node);
  return node;
}

}  // namespace

TraceFile::TraceFile(const std::filesystem::path& file) : path_(file), stream_(file, std::ios::binary) {
  std::error_code error;
  size_ = std::filesystem::file_size(file, error);
  if (error || !stream_) throw InputError(Place{file.string()}, "cannot be read");
  if (size_ == 0) throw InputError(Place{file.string()}, "is empty, expected a Chakra trace");
  chakra::Metadata metadata;
  if (!read_message() || !metadata.ParseFromString(message_)) fail("is not a Chakra trace (no metadata)");
}

void TraceFile::fail(const std::string& problem) const {
  throw InputError(Place{path_.string()}, fmt::format("byte {}: {}", position_, problem));
}

std::uint64_t TraceFile::read_length() {
  std::uint64_t length = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const int byte = stream_.get();
    if (byte == std::ifstream::traits_type::eof()) fail("ends inside a message length");
    length |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if ((byte & 0x80) == 0) return length;
  }
  fail("is not a Chakra trace (a message length of more than 10 bytes)");
}

bool TraceFile::read_message() {
  position_ = static_cast<std::uint64_t>(stream_.tellg());
  if (position_ >= size_) return false;
  const std::uint64_t length = read_length();
  const auto start = static_cast<std::uint64_t>(stream_.tellg());
  if (length > longest_message) fail(fmt::format("a message of {} bytes, expected at most 64 MiB", length));
  if (length > size_ - start) {
    fail(fmt::format("is truncated: a message of {} bytes, but {} are left", length, size_ - start));
  }
  message_.resize(length);
  stream_.read(message_.data(), static_cast<std::streamsize>(length));
  if (!stream_) fail("cannot be read");
  return true;
}

std::optional<TraceNode> TraceFile::next() {
  if (!read_message()) return std::nullopt;
  chakra::Node message;
  if (!message.ParseFromString(message_)) fail("is not a node of a Chakra trace");
  try {
    return node_of(message);
  } catch (const NodeError& error) {
    throw InputError(Place{path_.string()},
                     fmt::format("node {} (byte {}): {}", message.id(), position_, error.problem));
  }
}

namespace {

chakra::NodeType type_of(TraceNodeKind kind) {
  constexpr std::array types = {chakra::METADATA_NODE,  chakra::MEM_LOAD_NODE,  chakra::COMP_NODE,
                                chakra::COMM_SEND_NODE, chakra::COMM_RECV_NODE, chakra::COMM_COLL_NODE};
  return types[static_cast<std::size_t>(kind)];
}

chakra::Attribute& add_attribute(chakra::Node& message, const char* name) {
  chakra::Attribute& attribute = *message.add_attr();
  attribute.set_name(name);
  return attribute;
}

std::int64_t schema_type(CollectiveKind kind) {
  for (std::size_t i = 0; i < schema_collectives.size(); ++i) {
    if (schema_collectives[i] == kind) return static_cast<std::int64_t>(i);
  }
  throw InputError(fmt::format("Chakra has no {} among its collectives", collective_name(kind)));
}

void add_communication(chakra::Node& message, const TraceNode& node) {
  add_attribute(message, "comm_size").set_int64_value(node.collective.bytes.value());
  if (node.kind == TraceNodeKind::Collective) {
    add_attribute(message, "comm_type").set_int64_value(schema_type(node.collective.kind));
    if (!node.group.empty()) add_attribute(message, "pg_name").set_string_value(node.group);
    return;
  }
  add_attribute(message, node.kind == TraceNodeKind::Send ? "comm_dst" : "comm_src")
      .set_int32_value(static_cast<std::int32_t>(node.peer));
  add_attribute(message, "comm_tag").set_int32_value(static_cast<std::int32_t>(node.tag));
}

}  // namespace

TraceWriter::TraceWriter(const std::filesystem::path& file) : path_(file), stream_(file, std::ios::binary) {
  if (!stream_) throw InputError(Place{file.string()}, "cannot be written");
  chakra::Metadata metadata;
  metadata.set_version("0.0.4");
  write_message(metadata.SerializeAsString());
}

void TraceWriter::write_message(const std::string& message) {
  std::size_t length = message.size();
  while (length >= 0x80) {
    stream_.put(static_cast<char>((length & 0x7F) | 0x80));
    length >>= 7;
  }
  stream_.put(static_cast<char>(length));
  stream_.write(message.data(), static_cast<std::streamsize>(message.size()));
}

void TraceWriter::write(const TraceNode& node) {
  chakra::Node message;
  message.set_id(node.id);
  message.set_name(node.name);
  message.set_type(type_of(node.kind));
  for (const std::uint64_t before : node.dependencies) message.add_data_deps(before);
  message.set_duration_micros(static_cast<std::uint64_t>(std::llround(to_us(node.duration))));
  add_attribute(message, exact_duration).set_int64_value(node.duration.value());
  add_attribute(message, "is_cpu_op").set_bool_value(node.on_cpu);
  if (node.kind == TraceNodeKind::Compute) {
    add_attribute(message, "num_ops").set_int64_value(static_cast<std::int64_t>(node.operations));
    add_attribute(message, "tensor_size").set_uint64_value(static_cast<std::uint64_t>(node.tensor.value()));
  } else {
    add_communication(message, node);
  }
  write_message(message.SerializeAsString());
}

void TraceWriter::close() {
  stream_.close();
  if (!stream_) throw InputError(Place{path_.string()}, "cannot be written");
}

}  // namespace bandwright
