#include "simulator/player/own_pace.h"

#include <algorithm>

namespace bandwright {
namespace {

// The only dimension in which a line's NPUs differ; -1 when there are several.
int dimension_of(const Network& network, const std::vector<int>& members) {
  int dimension = -1;
  for (const int npu : members) {
    for (const Hop& hop : hops_between(network, members[0], npu)) {
      if (dimension >= 0 && hop.dimension != dimension) return -1;
      dimension = hop.dimension;
    }
  }
  return dimension;
}

}  // namespace

OwnPace::OwnPace(const PaceInputs& inputs)
    : in_(inputs),
      orders_(call_orders(inputs.scenario, inputs.plan)),
      place_in_kind_(inputs.step.kind_of.size()),
      places_(inputs.step.graph.groups.size()),
      seats_(*inputs.transport, inputs.events, inputs.scenario.library.endpoint_delay),
      npus_(inputs.step.kind_of.size()),
      uses_(inputs.plan.queues.size()) {
  for (const RankedStep::Kind& kind : in_.step.kinds) {
    for (std::uint32_t place = 0; place < kind.npus.size(); ++place) {
      place_in_kind_[static_cast<std::size_t>(kind.npus[place])] = place;
    }
  }
  for (std::uint32_t group = 0; group < places_.size(); ++group) {
    if (in_.step.teams_of_group[group].empty()) continue;  // of a message
    const auto parts = static_cast<std::uint32_t>(in_.step.graph.groups[group].dimensions.size());
    for (std::uint32_t part = 0; part < parts; ++part) place_group(group, part);
  }
}

// NPUs of other kinds among a team's members have their places in another group, on the same lines.
void OwnPace::place_group(std::uint32_t index, std::uint32_t part) {
  const Group& group = in_.step.graph.groups[index];
  const std::vector<std::uint32_t>& teams = in_.step.teams_of_group[index];
  const std::vector<int>& npus = in_.step.kinds[static_cast<std::size_t>(group.set)].npus;
  const int along = group.dimensions.size() == 1 ? -1 : group.dimensions[part].dimension;
  std::vector<Place>& places = places_[index].emplace_back(teams.size());
  for (std::size_t i = 0; i < teams.size(); ++i) {
    const auto [team, fresh] = teams_.try_emplace({teams[i], part, along});
    if (fresh) {
      for (auto& line : lines_of(in_.scenario.network, group, part, in_.step.teams[teams[i]])) {
        add_line(std::move(line), part, team->second);
      }
    }
    places[i] = team->second.at(npus[i]);
  }
}

void OwnPace::add_line(std::vector<int> members, std::uint32_t part, std::map<int, Place>& places) {
  const auto index = static_cast<std::uint32_t>(lines_.size());
  for (std::uint32_t p = 0; p < members.size(); ++p) places[members[p]] = {index, p};
  const int dimension = dimension_of(in_.scenario.network, members);
  members_.push_back(std::move(members));
  const std::vector<int>& kept = members_.back();
  lines_.push_back({.line = {.members = &kept, .npus = static_cast<int>(kept.size()), .dimension = dimension},
                    .part = part});
}

void OwnPace::join(std::uint32_t id, OperationId operation) {
  Npu& npu = npus_[id];
  npu.operation = operation;
  const CallOrder& call = call_of(npu);
  npu.chunks_left = static_cast<std::uint32_t>(call.places.size());
  npu.progress.assign(call.places.size(), 0);
  npu.ready.assign(call.places.size(), in_.events.now());
  npu.tracks.clear();
  const std::uint32_t group =
      in_.step.graph.collectives[in_.step.graph.operations[operation].collective].group;
  for (std::uint32_t part = 0; part < call.jobs.size(); ++part) {
    const Place& place = places_[group][part][place_in_kind_[id]];
    npu.tracks.push_back(
        {.seat = seat_in(place.line, in_.step.ties[operation].meeting, place.position), .line = place.line});
  }
  for (std::uint32_t part = 0; part < npu.tracks.size(); ++part) begin_job(id, part);
}

// A seat for the NPU at a position; the first of a line to come to a meeting opens seats for all of it.
std::uint32_t OwnPace::seat_in(std::uint32_t index, std::uint32_t meeting, std::uint32_t position) {
  TeamLine& line = lines_[index];
  const auto known = std::find_if(line.meets.begin(), line.meets.end(),
                                  [&](const Meet& meet) { return meet.meeting == meeting; });
  if (known != line.meets.end()) return known->first_seat + position;
  const std::uint32_t first = seats_.open(line.line);
  line.meets.push_back({meeting, first, line.line.npus});
  part_of_seat_.resize(std::max<std::size_t>(part_of_seat_.size(), first + line.line.npus));
  std::fill_n(part_of_seat_.begin() + first, line.line.npus, line.part);
  return first + position;
}

// Begins the next job of a dimension when its chunk has come to it.
void OwnPace::begin_job(std::uint32_t id, std::uint32_t part) {
  Npu& npu = npus_[id];
  Track& track = npu.tracks[part];
  const std::vector<CallOrder::Job>& jobs = call_of(npu).jobs[part];
  if (track.busy || track.job == jobs.size()) return;
  const CallOrder::Job& job = jobs[track.job];
  if (npu.progress[job.chunk] != job.phase) return;
  track.busy = true;
  track.started = in_.events.now();
  if (seats_.begin(track.seat, job.program, job.first_round)) seat_ends(track.seat);
}

void OwnPace::handle(const PlayEvent& event) {
  if (event.kind == PlayEvent::MessageArrives) {
    if (seats_.arrive(event.subject, event.detail)) seat_ends(event.subject);
    return;
  }
  end_job(static_cast<std::uint32_t>(seats_.npu(event.subject)), part_of_seat_[event.subject]);
}

void OwnPace::end_job(std::uint32_t id, std::uint32_t part) {
  Npu& npu = npus_[id];
  Track& track = npu.tracks[part];
  const CallOrder& call = call_of(npu);
  const CallOrder::Job& job = call.jobs[part][track.job];
  note(id, part, job);
  track.busy = false;
  ++track.job;
  npu.ready[job.chunk] = in_.events.now();
  if (++npu.progress[job.chunk] == call.places[job.chunk].size()) {
    if (--npu.chunks_left == 0) return end_collective(id);
  } else if (const std::uint32_t next = call.places[job.chunk][job.phase + 1].part; next != part) {
    begin_job(id, next);
  }
  begin_job(id, part);
}

void OwnPace::note(std::uint32_t id, std::uint32_t part, const CallOrder::Job& job) {
  const Npu& npu = npus_[id];
  const Time started = npu.tracks[part].started;
  const CommunicationPlan::Call& call = in_.plan.calls[in_.step.graph.operations[npu.operation].collective];
  const std::uint32_t queue = call.queues[part];
  ++uses_[queue].chunks;
  uses_[queue].service += in_.events.now() - started;
  uses_[queue].queueing += started - npu.ready[job.chunk];
  if (in_.timeline == nullptr) return;
  if (in_.step.kinds[in_.step.kind_of[id]].npus.front() != static_cast<int>(id)) return;
  const Phase& phase = call.plan.plans[call.plan.plan_of_chunk[job.chunk]][job.phase];
  in_.timeline->chunks.push_back({npu.operation, queue, job.chunk, phase.kind, started, in_.events.now()});
}

void OwnPace::end_collective(std::uint32_t id) {
  Npu& npu = npus_[id];
  const OperationId operation = npu.operation;
  in_.events.push(in_.events.now() + in_.scenario.after(in_.step.graph.operations[operation]),
                  play_event(PlayEvent::OperationEnds, id, operation));
  for (const Track& track : npu.tracks) {
    std::vector<Meet>& meets = lines_[track.line].meets;
    const auto meet = std::find_if(meets.begin(), meets.end(), [&](const Meet& one) {
      return one.meeting == in_.step.ties[operation].meeting;
    });
    if (--meet->left > 0) continue;
    seats_.close(meet->first_seat);
    *meet = meets.back();
    meets.pop_back();
  }
}

std::vector<QueueUse> OwnPace::uses() const {
  std::vector<QueueUse> uses = uses_;
  for (std::size_t q = 0; q < uses.size(); ++q) {
    const auto set = static_cast<std::size_t>(in_.plan.queues[q].set);
    uses[q].share_among(static_cast<std::int64_t>(in_.step.kinds[set].npus.size()));
  }
  return uses;
}

}  // namespace bandwright
