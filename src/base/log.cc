#include "base/log.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>

#include "base/clock.h"
#include "base/text.h"

namespace eider {
namespace {

std::atomic<LogLevel> minimum_level{LogLevel::kInfo};

std::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "debug";
    case LogLevel::kInfo: return "info";
    case LogLevel::kWarn: return "warn";
    default: return "error";
  }
}

// Length of the UTF-8 sequence at the start of `text`, or 0 when there is none.
std::size_t SequenceLength(std::string_view text) {
  for (std::size_t length = 1; length <= 4 && length <= text.size(); ++length) {
    if (IsCleanUtf8(text.substr(0, length))) return length;
  }
  return 0;
}

}  // namespace

void SetLogLevel(LogLevel level) { minimum_level = level; }

std::string JsonQuote(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const char c = text.front();
    std::size_t used = 1;
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else if (const std::size_t length = SequenceLength(text); length > 0) {
      out += text.substr(0, length);
      used = length;
    } else {
      out += "\xEF\xBF\xBD";
    }
    text.remove_prefix(used);
  }
  out += '"';
  return out;
}

std::string LogLine(std::string_view time, LogLevel level, std::string_view event,
                    std::initializer_list<LogField> fields) {
  std::string line = fmt::format(R"({{"time":"{}","level":"{}","event":{})", time, LevelName(level), JsonQuote(event));
  for (const LogField& field : fields) {
    line += fmt::format(",{}:", JsonQuote(field.name));
    if (const auto* text = std::get_if<std::string_view>(&field.value)) {
      line += JsonQuote(*text);
    } else if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
      line += fmt::format("{}", *number);
    } else if (const auto* real = std::get_if<double>(&field.value)) {
      line += fmt::format("{:.3f}", *real);
    } else {
      line += std::get<bool>(field.value) ? "true" : "false";
    }
  }
  line += '}';
  return line;
}

void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (level < minimum_level) return;
  const std::string line = LogLine(Rfc3339(SystemWallClock()()), level, event, fields) + "\n";
  // One write keeps lines whole between threads; a closed standard error is nothing to act on.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace eider
