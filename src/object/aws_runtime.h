// The AWS CRT libraries of this process: their event loops and resolver. Started when the first remote store opens,
// so that a local lake pays nothing, and taken down, without leaks, when the last one is gone.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <aws/common/byte_buf.h>

#include "base/result.h"

struct aws_allocator;
struct aws_client_bootstrap;
struct aws_event_loop_group;
struct aws_host_resolver;

namespace eider {

// Thread-safe. The last owner must not be an event loop's thread.
class AwsRuntime {
 public:
  static std::shared_ptr<AwsRuntime> Get();
  ~AwsRuntime();
  AwsRuntime(const AwsRuntime&) = delete;
  AwsRuntime& operator=(const AwsRuntime&) = delete;

  aws_allocator* allocator() const { return allocator_; }
  aws_client_bootstrap* bootstrap() const { return bootstrap_; }
  aws_event_loop_group* loops() const { return loops_; }

 private:
  AwsRuntime();

  aws_allocator* allocator_ = nullptr;
  aws_event_loop_group* loops_ = nullptr;
  aws_host_resolver* resolver_ = nullptr;
  aws_client_bootstrap* bootstrap_ = nullptr;
};

// Borrowed views between the two kinds of string.
inline aws_byte_cursor Cursor(std::string_view text) { return aws_byte_cursor_from_array(text.data(), text.size()); }
inline std::string_view View(const aws_byte_cursor& cursor) {
  return {reinterpret_cast<const char*>(cursor.ptr), cursor.len};
}

}  // namespace eider
