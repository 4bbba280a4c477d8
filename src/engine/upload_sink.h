// A statement's bytes as one object: it appears whole when the upload is committed, which the sink leaves to its owner.
#pragma once

#include "engine/sink.h"
#include "object/object_store.h"

namespace eider {

class UploadSink final : public Sink {
 public:
  explicit UploadSink(Upload& upload) : upload_(upload) {}
  Status Write(std::span<const char> bytes) override { return upload_.Write(bytes); }
  Status Close() override { return {}; }

 private:
  Upload& upload_;
};

}  // namespace eider
