// The XML that S3 answers with.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "object/object_store.h"

namespace eider {

// An <Error> document. All empty when the text is none.
struct S3ErrorDocument {
  std::string code;
  std::string message;
  std::string region;  // where the bucket is, in replies about the wrong one
  std::string server_time;
};

S3ErrorDocument ParseS3Error(std::string_view xml);

// A ListBucketResult of ListObjectsV2 asked for with encoding-type=url and `asked`. Keys and prefixes lose `root`, the
// store's own prefix; the object that is named just that is left out. kUnavailable: it is cut, or answers another
// request.
Result<ListPage> ParseS3List(std::string_view xml, std::string_view root, const ListRequest& asked);

struct S3UploadPage {
  std::vector<UnfinishedUpload> uploads;  // without their sizes, which the listing does not say
  std::string next_key;                   // whole, with the store's prefix; empty: this was the last page
  std::string next_id;
};

// A ListMultipartUploadsResult asked for with encoding-type=url.
Result<S3UploadPage> ParseS3Uploads(std::string_view xml, std::string_view root);

// The sum of a ListPartsResult's sizes.
std::uint64_t S3PartBytes(std::string_view xml);

// The text of a child of the document's root element, e.g. UploadId; "" when there is none.
std::string S3Element(std::string_view xml, const char* name);

// RFC 3339 and IMF-fixdate alike; the epoch when it is neither.
WallTime ParseTime(std::string_view text);

// Without quotes. A weak one keeps its W/.
std::string UnquoteETag(std::string_view etag);

}  // namespace eider
