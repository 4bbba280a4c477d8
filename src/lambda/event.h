// What one invocation is about, recognised by the shape of its event.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "events/object_event.h"
#include "lambda/http_event.h"

namespace eider {

// {"q": …}, or nothing at all: a client of the function itself. The payload is the question.
struct DirectEvent {
  std::optional<std::string> api_key;
};

// What S3, SNS or EventBridge said; none for S3's test of a new notification.
struct ObjectEvents {
  std::vector<ObjectEvent> events;
};

// Messages of SQS, each of which is answered for itself.
struct QueueBatch {
  struct Message {
    std::string id;
    Result<std::vector<ObjectEvent>> events;
  };
  std::vector<Message> messages;
};

using Event = std::variant<HttpEvent, DirectEvent, ObjectEvents, QueueBatch>;

// kInvalid says what is malformed, or that the shape is none of these.
Result<Event> ParseEvent(std::string_view payload);

}  // namespace eider
