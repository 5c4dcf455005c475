#include <fmt/format.h>

#include <cmath>

#include "core/error.h"
#include "formats/chakra.pb.h"
#include "formats/chakra/chakra_file.h"
#include "formats/chakra/chakra_schema.h"

namespace bandwright {
namespace {

chakra::NodeType type_of(TraceNodeKind kind) {
  constexpr std::array types = {chakra::METADATA_NODE,  chakra::MEM_LOAD_NODE,  chakra::COMP_NODE,
                                chakra::COMM_SEND_NODE, chakra::COMM_RECV_NODE, chakra::COMM_COLL_NODE,
                                chakra::STORAGE_NODE};
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
    if (node.dimensions.empty()) return;
    chakra::BoolList& involved = *add_attribute(message, "involved_dim").mutable_bool_list();
    for (const bool one : node.dimensions) involved.add_values(one);
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
  metadata.set_version(schema_version);
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
  switch (node.kind) {
    case TraceNodeKind::Compute:
      add_attribute(message, "num_ops").set_int64_value(static_cast<std::int64_t>(node.operations));
      [[fallthrough]];
    case TraceNodeKind::Memory:
      add_attribute(message, "tensor_size").set_uint64_value(static_cast<std::uint64_t>(node.tensor.value()));
      break;
    case TraceNodeKind::Metadata:
      message.mutable_inputs()->set_values(node.text);
      break;
    case TraceNodeKind::Storage:
      break;
    default:
      add_communication(message, node);
  }
  write_message(message.SerializeAsString());
}

void TraceWriter::close() {
  stream_.close();
  if (!stream_) throw InputError(Place{path_.string()}, "cannot be written");
}

}  // namespace bandwright
