#include "cli/program/program.h"

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <new>
#include <string>
#include <system_error>
#include <vector>

#include "cli/console/launched.h"
#include "cli/program/no_answer.h"
#include "cli/program/run.h"
#include "core/error.h"
#include "core/io/interrupt.h"
#include "core/io/tell.h"
#include "core/text.h"

namespace bandwright {
namespace {

constexpr int refused_status = 2;

int refuse(std::string_view problem, int status = refused_status) {
  tell("bandwright: {}\n", printable(problem));
  return status;
}

}  // namespace

int run_program(const std::vector<std::string>& words) {
  guard_standard_streams();
  end_on_interrupt();
  keep_followers_quiet(words);
  try {
    const int status = run_command(words);
    std::cout.flush();
    const bool lost = !std::cout || std::fflush(stdout) != 0 || std::ferror(stdout) != 0;
    if (lost) return refuse("cannot write to standard output");
    // Nobody waits for a solver that has been told to end and has not yet heard it.
    if (status == interrupted_status) std::_Exit(status);
    return status;
  } catch (const NoAnswer& why) {
    return refuse(why.what(), no_answer_status);
  } catch (const InputError& error) {
    return refuse(error.what());
  } catch (const std::system_error& error) {
    return refuse(error.what());
  } catch (const std::bad_alloc&) {
    return refuse("out of memory");
  }
}

}  // namespace bandwright
