#include "tests/step/random_streams.h"

namespace bandwright {
namespace {

int draw(std::mt19937& random, int low, int high) {
  return std::uniform_int_distribution<int>(low, high)(random);
}

StreamSet some_streams(std::mt19937& random) {
  return static_cast<StreamSet>(draw(random, 1, (1 << stream_count) - 1));
}

StreamItem random_operation(std::mt19937& random) {
  StreamItem item;
  switch (draw(random, 0, 3)) {
    case 0:
      item.operation.duration = nanoseconds(draw(random, 1, 50));
      item.occupies = streams(Stream::Compute);
      break;
    case 1:
      item.operation.kind = OperationKind::Overhead;
      item.occupies = streams(Stream::Compute);
      item.waits = some_streams(random);
      break;
    case 2:
      item.operation.kind = OperationKind::Host;
      item.operation.duration = nanoseconds(draw(random, 1, 50));
      item.occupies = streams(Stream::Host);
      item.waits = streams(Stream::Compute);
      break;
    default:
      item.operation.kind = OperationKind::Collective;
      item.operation.collective = static_cast<std::uint32_t>(draw(random, 0, 3));
      item.operation.duration = nanoseconds(draw(random, 0, 9));
      item.occupies = some_streams(random);
      item.waits = some_streams(random);
  }
  return item;
}

void follow(StreamItem& item, Following following, StreamSet free) {
  if (following == Following::ButOne && (item.occupies & ~free) != 0) {
    item.occupies |= streams(Stream::Compute);
  }
  if (following != Following::None) item.waits |= streams(Stream::Compute);
  item.waits |= item.occupies;
}

std::vector<StreamItem> random_items(std::mt19937& random, Following following, StreamSet free, int depth) {
  std::vector<StreamItem> items;
  for (int i = draw(random, 1, 4); i > 0; --i) {
    if (depth < 3 && draw(random, 0, 3) == 0) {
      items.push_back(
          {.times = draw(random, 1, 30), .items = random_items(random, following, free, depth + 1)});
    } else {
      items.push_back(random_operation(random));
      follow(items.back(), following, free);
    }
  }
  return items;
}

void write(const std::vector<StreamItem>& items, StreamBuilder& builder) {
  for (const StreamItem& item : items) {
    if (item.times == 0) {
      builder.add(item.operation, item.waits, item.occupies);
    } else {
      builder.repeat(item.times, [&] { write(item.items, builder); });
    }
  }
}

}  // namespace

std::vector<StreamItem> random_streams(std::mt19937& random, Following following) {
  const auto free = static_cast<StreamSet>(1U << draw(random, 1, stream_count - 1));
  return random_items(random, following, free, 0);
}

Step written(const std::vector<StreamItem>& items) {
  StreamBuilder builder(
      "random", split_into_groups(parse_network("Ring(4)_Switch(8)"), {{"TP", 4}, {"DP", 8}}), {"line"});
  for (std::uint32_t i = 0; i < 4; ++i) {
    builder.enter({{CollectiveKind::AllReduce, Bytes(64 * (i + 1) * 7)}, i % 2});
  }
  write(items, builder);
  return std::move(builder).finish();
}

}  // namespace bandwright
