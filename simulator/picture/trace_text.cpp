#include "simulator/picture/trace_text.h"

#include <iterator>

namespace bandwright {
namespace {

// Whole ns, to the nearest.
std::int64_t whole_ns(Time time) { return (time.value() + 500) / 1000; }

// In us, all digits: 1234.567.
void append_us(std::string& text, std::int64_t ns) {
  fmt::format_to(std::back_inserter(text), "{}.{:03}", ns / 1000, ns % 1000);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
}

void append_quoted(std::string& text, std::string_view words) {
  text += '"';
  for (const char c : words) {
    if (c == '"' || c == '\\') text += '\\';
    text += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  }
  text += '"';
}

}  // namespace

void TraceArguments::begin(std::string_view name) {
  if (!text_.empty()) text_ += ',';
  append_quoted(text_, name);
  text_ += ':';
}

TraceArguments& TraceArguments::add(std::string_view name, std::string_view text) {
  begin(name);
  append_quoted(text_, text);
  return *this;
}

TraceArguments& TraceArguments::add(std::string_view name, std::int64_t number) {
  begin(name);
  text_ += fmt::to_string(number);
  return *this;
}

TraceArguments& TraceArguments::add(std::string_view name, double number) {
  begin(name);
  text_ += fmt::format("{:.4g}", number);
  return *this;
}

void TraceText::begin_event() {
  stop_.look_now_and_then();
  text_ += text_.empty() ? "{\"traceEvents\":[\n" : ",\n";
}

void TraceText::name(std::string_view what, TraceTrack at, std::string_view words) {
  begin_event();
  fmt::format_to(std::back_inserter(text_), R"({{"ph":"M","name":"{}","pid":{},"tid":{},"args":)", what,
                 at.process, at.track);
  text_ += TraceArguments().add("name", words).text() + "}";
}

void TraceText::name_process(int process, std::string_view words) {
  name("process_name", {process, 0}, words);
  begin_event();
  fmt::format_to(std::back_inserter(text_),
                 R"({{"ph":"M","name":"process_sort_index","pid":{0},"args":{{"sort_index":{0}}}}})",
                 process);
}

void TraceText::name_track(TraceTrack at, std::string_view words) { name("thread_name", at, words); }

void TraceText::slice(TraceTrack at, std::string_view words, std::string_view category, Time start, Time end,
                      const TraceArguments& arguments) {
  begin_event();
  text_ += R"({"ph":"X","name":)";
  append_quoted(text_, words);
  fmt::format_to(std::back_inserter(text_), R"(,"cat":"{}","pid":{},"tid":{},"ts":)", category, at.process,
                 at.track);
  append_us(text_, whole_ns(start));
  text_ += R"(,"dur":)";
  append_us(text_, whole_ns(end) - whole_ns(start));
  text_ += R"(,"args":)" + arguments.text() + "}";
}

void TraceText::counter(int process, std::string_view words, Time at, double value) {
  begin_event();
  text_ += R"({"ph":"C","name":)";
  append_quoted(text_, words);
  fmt::format_to(std::back_inserter(text_), R"(,"pid":{},"ts":)", process);
  append_us(text_, whole_ns(at));
  fmt::format_to(std::back_inserter(text_), R"(,"args":{{"value":{:.4g}}}}})", value);
}

void TraceText::arrow(std::string_view words, TraceTrack from, Time sent, TraceTrack to, Time taken) {
  const std::int64_t id = ++arrows_;
  const auto end = [&](const char* phase, TraceTrack at, Time time) {
    begin_event();
    fmt::format_to(std::back_inserter(text_),
                   R"({{"ph":"{}","name":"{}","cat":"flow","id":{},"pid":{},"tid":{},"ts":)", phase, words,
                   id, at.process, at.track);
    append_us(text_, whole_ns(time));
    text_ += *phase == 'f' ? R"(,"bp":"e"})" : "}";
  };
  end("s", from, sent);
  end("f", to, taken);
}

std::string TraceText::finish() && {
  if (text_.empty()) text_ = "{\"traceEvents\":[";
  return std::move(text_) + "\n],\"displayTimeUnit\":\"ns\"}\n";
}

}  // namespace bandwright
