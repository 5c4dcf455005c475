#include "tests/support/simgrid_oracle.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <functional>
#include <map>
#include <memory>
#include <simgrid/s4u.hpp>
#include <stdexcept>

namespace bandwright {
namespace {

namespace sg = simgrid::s4u;

// What `play` gives, from a process of its own.
std::vector<double> in_child(const std::function<std::vector<double>()>& play) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("no pipe");
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("no process");
  if (child == 0) {
    close(ends[0]);
    const std::vector<double> result = play();
    const char* data = reinterpret_cast<const char*>(result.data());
    std::size_t left = result.size() * sizeof(double);
    while (left > 0) {
      const ssize_t written = write(ends[1], data, left);
      if (written <= 0) _exit(1);
      data += written;
      left -= static_cast<std::size_t>(written);
    }
    _exit(0);
  }
  close(ends[1]);
  std::string bytes;
  std::vector<char> buffer(1 << 16);
  for (ssize_t got = 0; (got = read(ends[0], buffer.data(), buffer.size())) > 0;) {
    bytes.append(buffer.data(), static_cast<std::size_t>(got));
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0) throw std::runtime_error("SimGrid failed");
  std::vector<double> result(bytes.size() / sizeof(double));
  std::copy_n(bytes.data(), bytes.size(), reinterpret_cast<char*>(result.data()));
  return result;
}

std::unique_ptr<sg::Engine> engine(Updates updates = Updates::Lazy) {
  static std::vector<std::string> words = {"oracle",
                                           "--cfg=network/model:CM02",
                                           "--cfg=network/crosstraffic:0",
                                           "--cfg=network/bandwidth-factor:1",
                                           "--cfg=network/latency-factor:1",
                                           "--cfg=network/weight-S:0",
                                           "--cfg=surf/precision:1e-13",
                                           "--log=root.thres:critical"};
  if (updates == Updates::Full) words.emplace_back("--cfg=network/optim:Full");  // of this process alone
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  int argc = static_cast<int>(words.size());
  return std::make_unique<sg::Engine>(&argc, argv.data());
}

std::vector<sg::Link*> make_links(sg::NetZone& zone, const std::vector<double>& bytes_per_second) {
  std::vector<sg::Link*> links;
  for (std::size_t i = 0; i < bytes_per_second.size(); ++i) {
    links.push_back(zone.create_link("l" + std::to_string(i), std::max(1.0, bytes_per_second[i])));
    links.back()->set_latency(0.0)->seal();
  }
  return links;
}

void join(sg::NetZone& zone, sg::Host& from, sg::Host& to, const std::vector<sg::Link*>& links,
          const std::vector<FlowStep>& way) {
  std::vector<sg::LinkInRoute> route;
  for (const FlowStep& step : way) route.emplace_back(links[step.link]);
  zone.add_route(from.get_netpoint(), to.get_netpoint(), nullptr, nullptr, route, false);
}

// A host for each rank, with the ways of all messages.
std::vector<sg::Host*> joined_hosts(const std::vector<double>& bytes_per_second, const Rounds& rounds) {
  sg::NetZone* zone = sg::create_full_zone("z");
  const std::vector<sg::Link*> links = make_links(*zone, bytes_per_second);
  std::vector<sg::Host*> hosts;
  for (std::size_t i = 0; i < rounds.front().size(); ++i)
    hosts.push_back(zone->create_host("h" + std::to_string(i), 1e9));
  std::map<std::pair<std::uint32_t, std::uint32_t>, bool> joined;
  for (const std::vector<RoundMessage>& round : rounds) {
    for (const RoundMessage& message : round) {
      if (!joined.try_emplace({message.from, message.to}, true).second) continue;
      join(*zone, *hosts[message.from], *hosts[message.to], links, message.way);
    }
  }
  zone->seal();
  return hosts;
}

// What a rank has begun to send, when.
struct SendsInTurn {
  sg::SemaphorePtr begun = sg::Semaphore::create(0);
  std::vector<double> at_s = {};
};

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

}  // namespace

std::vector<double> simgrid_ends(const std::vector<double>& bytes_per_second,
                                 const std::vector<PlannedFlow>& flows) {
  return in_child([&] {
    const auto simulation = engine();
    sg::NetZone* zone = sg::create_full_zone("z");
    const std::vector<sg::Link*> links = make_links(*zone, bytes_per_second);
    std::vector<double> ends(flows.size());
    for (std::size_t i = 0; i < flows.size(); ++i) {
      sg::Host* from = zone->create_host("a" + std::to_string(i), 1e9);
      sg::Host* to = zone->create_host("b" + std::to_string(i), 1e9);
      join(*zone, *from, *to, links, flows[i].way);
      sg::Mailbox* box = sg::Mailbox::by_name(std::to_string(i));
      sg::Actor::create("s", from, [&flows, i, box] {
        static char payload = 0;
        sg::this_actor::sleep_for(to_seconds(flows[i].start));
        box->put(&payload, static_cast<std::uint64_t>(flows[i].bytes));
      });
      sg::Actor::create("r", to, [&ends, i, box] {
        box->get<char>();
        ends[i] = sg::Engine::get_clock();
      });
    }
    zone->seal();
    simulation->run();
    return ends;
  });
}

std::vector<double> simgrid_ends_with_latencies(double bytes_per_second, const std::vector<double>& latency_s,
                                                std::int64_t bytes) {
  return in_child([&] {
    const auto simulation = engine();
    sg::NetZone* zone = sg::create_full_zone("z");
    std::vector<sg::Link*> links = make_links(*zone, {bytes_per_second});
    std::vector<double> ends(latency_s.size());
    for (std::size_t i = 0; i < ends.size(); ++i) {
      links.push_back(zone->create_link("late" + std::to_string(i), 1e15));
      links.back()->set_latency(latency_s[i])->seal();
      sg::Host* from = zone->create_host("a" + std::to_string(i), 1e9);
      sg::Host* to = zone->create_host("b" + std::to_string(i), 1e9);
      join(*zone, *from, *to, links, {{0}, {static_cast<LinkId>(i + 1)}});
      sg::Mailbox* box = sg::Mailbox::by_name(std::to_string(i));
      sg::Actor::create("s", from, [bytes, box] {
        static char payload = 0;
        box->put(&payload, static_cast<std::uint64_t>(bytes));
      });
      sg::Actor::create("r", to, [&ends, i, box] {
        box->get<char>();
        ends[i] = sg::Engine::get_clock();
      });
    }
    zone->seal();
    simulation->run();
    return ends;
  });
}

RoundsPlayed simgrid_rounds(const std::vector<double>& bytes_per_second, const Rounds& rounds,
                            Senders senders, Updates updates) {
  const std::vector<double> result = in_child([&] {
    const auto simulation = engine(updates);
    const std::vector<sg::Host*> hosts = joined_hosts(bytes_per_second, rounds);
    const std::size_t ranks = hosts.size();
    std::vector<double> ends(rounds.size());
    const auto name = [](std::uint32_t to, std::size_t round) {
      return std::to_string(to) + "." + std::to_string(round);
    };
    std::vector<SendsInTurn> in_turn(senders == Senders::InTurn ? ranks : 0);
    for (std::uint32_t rank = 0; rank < in_turn.size(); ++rank) {
      sg::Actor::create("s", hosts[rank], [&, rank] {
        static char payload = 0;
        for (std::size_t r = 0; r < rounds.size(); ++r) {
          const RoundMessage& message = rounds[r][rank];
          in_turn[rank].begun->acquire();
          sg::this_actor::sleep_until(in_turn[rank].at_s[r] + message.latency_s);
          sg::Mailbox::by_name(name(message.to, r))->put(&payload, static_cast<std::uint64_t>(message.bytes));
        }
      });
    }
    for (std::uint32_t rank = 0; rank < ranks; ++rank) {
      sg::Actor::create("r", hosts[rank], [&, rank] {
        static char payload = 0;
        for (std::size_t r = 0; r < rounds.size(); ++r) {
          sg::Mailbox::by_name(name(rank, r))
              ->set_receiver(sg::Actor::self());  // messages start without being awaited
        }
        for (std::size_t r = 0; r < rounds.size(); ++r) {
          const RoundMessage& message = rounds[r][rank];
          sg::Mailbox* box = sg::Mailbox::by_name(name(message.to, r));
          if (senders == Senders::InTurn) {
            in_turn[rank].at_s.push_back(sg::Engine::get_clock());
            in_turn[rank].begun->release();
          } else if (senders == Senders::Ranks) {
            sg::this_actor::sleep_for(message.latency_s);
            box->put_init(&payload, static_cast<std::uint64_t>(message.bytes))->detach();
          } else {
            sg::Actor::create("s", hosts[rank], [&message, box] {
              sg::this_actor::sleep_for(message.latency_s);
              box->put(&payload, static_cast<std::uint64_t>(message.bytes));
            });
          }
          sg::Mailbox::by_name(name(rank, r))->get<char>();
          ends[r] = std::max(ends[r], sg::Engine::get_clock());
        }
      });
    }
    const double begin = cpu_seconds();
    simulation->run();
    ends.push_back(cpu_seconds() - begin);
    return ends;
  });
  return {{result.begin(), result.end() - 1}, result.back()};
}

RoundsPlayed simgrid_at_once(const std::vector<double>& bytes_per_second, const Rounds& rounds,
                             Updates updates) {
  const std::vector<double> result = in_child([&] {
    const auto simulation = engine(updates);
    const std::vector<sg::Host*> hosts = joined_hosts(bytes_per_second, rounds);
    double end = 0.0;
    sg::Actor::create("all", hosts.front(), [&] {
      std::vector<sg::CommPtr> messages;
      for (const std::vector<RoundMessage>& round : rounds) {
        for (const RoundMessage& message : round) {
          messages.push_back(sg::Comm::sendto_async(hosts[message.from], hosts[message.to],
                                                    static_cast<std::uint64_t>(message.bytes)));
        }
      }
      sg::Comm::wait_all(messages);
      end = sg::Engine::get_clock();
    });
    const double begin = cpu_seconds();
    simulation->run();
    return std::vector<double>{end, cpu_seconds() - begin};
  });
  return {{result.front()}, result.back()};
}

}  // namespace bandwright
