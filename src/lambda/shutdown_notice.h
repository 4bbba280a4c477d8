// ShutdownNotice: Lambda tells a process by SIGTERM that its machine goes away only where an extension is registered,
// so this registers one inside the process that wants no events, and waits on its behalf for what never comes. An API
// without extensions, as emulators have, changes nothing.
#pragma once

#include <string>
#include <thread>

#include "lambda/runtime_connection.h"

namespace eider {

class ShutdownNotice {
 public:
  // Before the first invocation is asked for; waits for the API's word, a second at most.
  explicit ShutdownNotice(const RuntimeAddress& address);
  ~ShutdownNotice();

 private:
  RuntimeConnection connection_;
  Wakeup leave_;
  std::thread waiting_;
};

}  // namespace eider
