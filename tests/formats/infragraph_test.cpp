// InfraGraph: slices, composition, schemes and units, and one line for damage.
#include "formats/infragraph.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "network/routes.h"

namespace bandwright {
namespace {

using testing::HasSubstr;

// Two hosts of two xpus on an NVLink switch, each with a NIC that is a device of its own, behind PCIe; one
// switch.
const std::string hosts = R"(
name: two hosts
devices:
- name: server
  components:
  - {name: xpu, choice: xpu, count: 2}
  - {name: cpu, choice: cpu, count: 1}
  - {name: nvsw, choice: switch, count: 1}
  - {name: pcie, choice: switch, count: 1}
  - {name: cx5, choice: device, count: 2}
  links:
  - {name: nvlink, physical: {bandwidth: {choice: gigabytes_per_second, gigabytes_per_second: 450}}}
  - {name: gen5, physical: {bandwidth: {choice: gigatransfers_per_second, gigatransfers_per_second: 512}}}
  edges:
  - {ep1: {component: xpu}, ep2: {component: nvsw}, scheme: many2many, link: nvlink}
  - {ep1: {component: cpu}, ep2: {component: xpu}, scheme: many2many, link: gen5}
  - {ep1: {component: xpu}, ep2: {component: pcie}, scheme: many2many, link: gen5}
  - {ep1: {component: pcie}, ep2: {device: 'cx5[0:2]', component: asic}, scheme: many2many, link: gen5}
- name: cx5
  components:
  - {name: asic, choice: cpu, count: 1}
  - {name: port, choice: port, count: 1}
  links: [{name: serdes, physical: {bandwidth: {gigabits_per_second: 400}}}]
  edges: [{ep1: {component: asic}, ep2: {component: port}, scheme: one2one, link: serdes}]
- name: switch
  components: [{name: asic, choice: cpu, count: 1}, {name: port, choice: port, count: 4}]
  links: [{name: ic, physical: {bandwidth: {gigabits_per_second: 400}}}]
  edges: [{ep1: {component: asic}, ep2: {component: port}, scheme: many2many, link: ic}]
instances:
- {name: host, device: server, count: 2}
- {name: leaf, device: switch, count: 1}
links:
- {name: cable, physical: {bandwidth: {gigabits_per_second: 400}, latency: {choice: us, us: 0.5}}}
edges:
- {ep1: {instance: host, component: 'cx5.port'}, ep2: {instance: 'leaf[0]', component: port}, scheme: one2one, link: cable}
)";

NetworkGraph read(const std::string& text) { return read_infragraph(YamlValue::parse(text, "infra.yaml")); }

std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string refusal(const std::string& from, const std::string& to) {
  try {
    read(with(hosts, from, to));
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

// Hosts have 2 xpus, 1 cpu, 2 switches and 2 NICs of 2 parts; the switch an ASIC and 4 ports.
TEST(InfraGraph, DevicesInDevices) {
  const NetworkGraph graph = read(hosts);
  EXPECT_EQ(graph.npus(), 4);
  EXPECT_EQ(graph.nodes.size(), 2 * (2 + 1 + 2 + 2 * 2) + 5U);
  EXPECT_EQ(graph.node_name(0), "host[0].xpu[0]");
  EXPECT_EQ(graph.node_name(3), "host[1].xpu[1]");
  // Per host 2 to the NVLink switch, 2 to the CPU, 2 to PCIe, 2 from there to NICs, 2 inside NICs; 4 in the
  // switch, 4 cables; each both ways.
  EXPECT_EQ(graph.links.size(), 2 * (2 * 10 + 4 + 4U));
}

TEST(InfraGraph, Units) {
  const NetworkGraph graph = read(hosts);
  const auto bandwidth_of = [&](std::string_view name) {
    for (const GraphLink& link : graph.links) {
      if (graph.classes[link.link_class].name == name) return link.bandwidth.value();
    }
    return 0.0;
  };
  EXPECT_DOUBLE_EQ(bandwidth_of("nvlink"), 450.0);
  EXPECT_DOUBLE_EQ(bandwidth_of("gen5"), 64.0);
  EXPECT_DOUBLE_EQ(bandwidth_of("cable"), 50.0);
  EXPECT_EQ(graph.links.back().latency, nanoseconds(500));
}

std::vector<std::string> way(const NetworkGraph& graph, NodeId from, NodeId to) {
  Routes routes(graph, {});
  Routes::Way found;
  routes.find(
      from, to, 0, [](LinkId) { return 0.0; }, found);
  std::vector<std::string> names;
  for (const FlowStep& step : found.steps) names.push_back(graph.node_name(graph.links[step.link].to));
  return names;
}

// Inside a host over NVLink and not over its CPU; between hosts through the ASIC of a NIC, which is all there
// is.
TEST(InfraGraph, CpusAreTheLastResort) {
  const NetworkGraph graph = read(hosts);
  EXPECT_EQ(way(graph, 0, 1), (std::vector<std::string>{"host[0].nvsw[0]", "host[0].xpu[1]"}));
  const std::vector<std::string> out = way(graph, 0, 2);
  EXPECT_EQ(out.size(), 10U);
  EXPECT_EQ(out.front(), "host[0].pcie[0]");
  const NetworkGraph alone = read(with(with(hosts, "{ep1: {component: xpu}, ep2: {component: nvsw}",
                                            "{ep1: {component: cpu}, ep2: {component: nvsw}"),
                                       "{ep1: {component: xpu}, ep2: {component: pcie}",
                                       "{ep1: {component: cpu}, ep2: {component: pcie}"));
  EXPECT_EQ(way(alone, 0, 1), (std::vector<std::string>{"host[0].cpu[0]", "host[0].xpu[1]"}));
}

TEST(InfraGraph, JsonIsYaml) {
  EXPECT_EQ(read(R"({"devices": [{"name": "d", "components": [{"name": "xpu", "choice": "xpu", "count": 4}],
    "links": [{"name": "l", "physical": {"bandwidth": {"gigabytes_per_second": 1}}}],
    "edges": [{"ep1": {"component": "xpu"}, "ep2": {"component": "xpu"}, "scheme": "ring", "link": "l"}]}],
    "instances": [{"name": "i", "device": "d", "count": 1}]})")
                .links.size(),
            8U);
}

TEST(InfraGraph, OneLineForDamage) {
  EXPECT_THAT(refusal("device: server, count: 2", "device: sever, count: 2"),
              HasSubstr("no device of this name"));
  EXPECT_THAT(refusal("choice: xpu", "choice: gpu"), HasSubstr("unknown choice 'gpu'"));
  EXPECT_THAT(refusal("scheme: one2one, link: cable", "scheme: one2two, link: cable"),
              HasSubstr("unknown scheme"));
  EXPECT_THAT(refusal("link: cable}", "link: cabel}"), HasSubstr("no link of this name"));
  EXPECT_THAT(refusal("'cx5.port'", "'cx5[2:4].port'"), HasSubstr("takes none of 2"));
  EXPECT_THAT(refusal("'cx5.port'", "'cx5'"), HasSubstr("is a device"));
  EXPECT_THAT(refusal("count: 4}", "count: 3}"), HasSubstr("4 nodes cannot be joined one to one with 3"));
  EXPECT_THAT(refusal("gigabytes_per_second: 450", "gigabytes_per_second: -1"), HasSubstr("infra.yaml:"));
  EXPECT_THAT(
      refusal(
          "{name: nvlink, physical: {bandwidth: {choice: gigabytes_per_second, gigabytes_per_second: 450}}}",
          "{name: nvlink}"),
      HasSubstr("has no physical bandwidth"));
  EXPECT_THAT(refusal("{name: cx5, choice: device, count: 2}", "{name: server, choice: device, count: 2}"),
              HasSubstr("more than 8 deep"));
}

// What stands twice under one name would be one of them for some readers, and both for others.
TEST(InfraGraph, NamesStandOnce) {
  EXPECT_THAT(refusal("{name: leaf, device: switch", "{name: host, device: switch"),
              HasSubstr("another one here has this name"));
  EXPECT_THAT(refusal("{name: cpu, choice: cpu", "{name: xpu, choice: cpu"),
              HasSubstr("another one here has this name"));
  EXPECT_THAT(refusal("{name: gen5,", "{name: nvlink,"), HasSubstr("another link has this name"));
}

TEST(InfraGraph, WhatIsOfTheWholeFileNamesIt) {
  EXPECT_THAT(refusal("{name: xpu, choice: xpu, count: 2}", "{name: xpu, choice: custom, count: 2}"),
              HasSubstr("infra.yaml: instances: 0 NPUs"));
}

// Devices within devices that hold nothing: 1,000^8 of them.
TEST(InfraGraph, DevicesThatHoldNothingAreBounded) {
  std::string text = "name: n\ndevices:\n";
  for (int i = 0; i < 7; ++i) {
    text +=
        fmt::format("- {{name: d{}, components: [{{name: d{}, choice: device, count: 1000}}]}}\n", i, i + 1);
  }
  text += "- {name: d7, components: []}\ninstances: [{name: i, device: d0, count: 1}]\n";
  try {
    read(text);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("more than 4 million"));
  }
}

}  // namespace
}  // namespace bandwright
