#include "catalog/object_write.h"

#include <fmt/format.h>

#include "engine/upload_sink.h"

namespace eider {

Result<WriteSummary> WriteObject(const std::string& key, const PutCondition& condition, const Statement& statement,
                                 ObjectStore& store, Database& database, const Call& call) {
  auto upload = store.StartUpload(key, condition, call);
  if (!upload) return upload.error();
  UploadSink sink(**upload);
  const auto run = database.Run(statement, sink, call.stop);
  if (!run) return run.error();
  const auto object = (*upload)->Commit();
  if (object) return WriteSummary{*run, 1, object->size_bytes};
  if (object.error().kind != ErrorKind::kConflict) return object.error();
  return Error{
      ErrorKind::kConflict, fmt::format("'{}' was written by someone else meanwhile; nothing was replaced", key), {}};
}

Result<PutCondition> ReplaceAsItIs(const std::string& key, ObjectStore& store, const Call& call) {
  PutCondition condition;
  const auto there = store.Head(key, call);
  if (!there && there.error().kind != ErrorKind::kNotFound) return there.error();
  if (there) {
    condition.if_match = there->etag;
  } else {
    condition.if_absent = true;
  }
  return condition;
}

}  // namespace eider
