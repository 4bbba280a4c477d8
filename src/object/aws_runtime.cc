#include "object/aws_runtime.h"

#include <aws/auth/auth.h>
#include <aws/http/http.h>
#include <aws/io/channel.h>
#include <aws/io/channel_bootstrap.h>
#include <aws/io/event_loop.h>
#include <aws/io/host_resolver.h>

#include <condition_variable>
#include <csignal>
#include <mutex>

namespace eider {
namespace {

// Two loops carry 128 requests in flight at a tenth of a core (measured); more would only cost memory.
constexpr std::uint16_t kEventLoops = 2;
constexpr std::size_t kResolvedHosts = 16;

std::mutex& RuntimeMutex() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace

std::shared_ptr<AwsRuntime> AwsRuntime::Get() {
  static std::weak_ptr<AwsRuntime> current;
  const std::lock_guard lock(RuntimeMutex());
  auto runtime = current.lock();
  if (!runtime) {
    runtime.reset(new AwsRuntime());
    current = runtime;
  }
  return runtime;
}

// What one system call takes from a socket; the CRT's own 16 KiB are a seventh more system time.
static constexpr std::size_t kSocketReadBytes = 128 << 10;

// Initialisation counts its users under one mutex: a runtime may be going down in one thread while the next one
// comes up in another, and the libraries' own counters are not made for that.
static int g_library_users = 0;

AwsRuntime::AwsRuntime() : allocator_(aws_default_allocator()) {
  // Called with RuntimeMutex held.
  if (g_library_users++ == 0) {
    // Writes to a closed socket must be errors and not the end of the process.
    std::signal(SIGPIPE, SIG_IGN);
    g_aws_channel_max_fragment_size = kSocketReadBytes;
    aws_auth_library_init(allocator_);  // brings http, io, cal, sdkutils and common with it
  }
  aws_event_loop_group_options group{};
  group.loop_count = kEventLoops;
  loops_ = aws_event_loop_group_new(allocator_, &group);
  aws_host_resolver_default_options resolver{};
  resolver.max_entries = kResolvedHosts;
  resolver.el_group = loops_;
  resolver_ = aws_host_resolver_new_default(allocator_, &resolver);
  aws_client_bootstrap_options bootstrap{};
  bootstrap.event_loop_group = loops_;
  bootstrap.host_resolver = resolver_;
  bootstrap_ = aws_client_bootstrap_new(allocator_, &bootstrap);
}

AwsRuntime::~AwsRuntime() {
  const std::lock_guard lock(RuntimeMutex());
  aws_client_bootstrap_release(bootstrap_);
  aws_host_resolver_release(resolver_);
  aws_event_loop_group_release(loops_);
  // Joins the threads of the loops.
  if (--g_library_users == 0) aws_auth_library_clean_up();
}

}  // namespace eider
