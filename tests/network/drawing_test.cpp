#include "network/drawing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "network/builders.h"

namespace bandwright {
namespace {

std::size_t count_of(const std::string& text, std::string_view what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

// Every node once, every cable once, a line for each class.
TEST(Drawing, ShowsEveryNodeAndCableOnce) {
  const NetworkGraph graph = build_graph("FatTree(32, radix 8)", {gb_per_s(50), Time()});
  const std::string svg = drawing_of(graph);
  EXPECT_EQ(count_of(svg, "<circle"), 32U);
  EXPECT_EQ(count_of(svg, "<rect x="), graph.nodes.size() - 32);
  EXPECT_EQ(count_of(svg, "<path class="), graph.links.size() / 2);
  EXPECT_EQ(count_of(svg, "<text"), graph.classes.size());
}

TEST(Drawing, FailedLinksAreDashed) {
  NetworkGraph graph = build_graph("Torus(4x4)", {gb_per_s(50), Time()});
  graph.links[0].failed = true;
  EXPECT_EQ(count_of(drawing_of(graph), "stroke-dasharray"), 1U);
}

}  // namespace
}  // namespace bandwright
