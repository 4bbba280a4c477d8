// One JSON object a line on standard error. Never pass a secret: nothing is masked here.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace eider {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError, kOff };

struct LogField {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, double, bool> value;
};

// Lines below `level` are dropped. Thread-safe.
void SetLogLevel(LogLevel level);

// {"time":"…","level":"info","event":event, fields…}. Thread-safe; one write a line.
void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

// The line that Log would write, without its end; apart for tests.
std::string LogLine(std::string_view time, LogLevel level, std::string_view event,
                    std::initializer_list<LogField> fields);

// `text` as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
std::string JsonQuote(std::string_view text);

}  // namespace eider
