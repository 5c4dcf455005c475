#include "core/stopping.h"

#include <utility>

namespace bandwright {
namespace {

thread_local const std::stop_token* innermost_stop = nullptr;

}  // namespace

StopScope::StopScope(std::stop_token token)
    : token_(std::move(token)), outer_(std::exchange(innermost_stop, &token_)) {}

StopScope::~StopScope() { innermost_stop = outer_; }

std::stop_token stop_of_thread() { return innermost_stop == nullptr ? std::stop_token() : *innermost_stop; }

}  // namespace bandwright
