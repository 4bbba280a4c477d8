// Where the objects of one bucket are: host, and the path and query of each request.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "object/http_message.h"
#include "object/object_store.h"

namespace eider {

// "scheme://host[:port][/path]", taken apart.
struct HttpUrl {
  bool tls = true;
  std::string host;  // IPv6 with its brackets
  std::uint16_t port = 443;
  std::string path;  // as written; "" or beginning with '/'

  bool loopback() const;
};

// kInvalid for other schemes, user names, queries and fragments. A message never repeats the URL: it may hold a secret.
Result<HttpUrl> ParseHttpUrl(std::string_view url);

struct S3Address {
  std::string bucket;
  std::string prefix;  // "" or ending in '/'
  bool tls = true;
  std::string host;
  std::uint16_t port = 443;
  std::string base;  // "" or "/bucket"

  std::string name() const;                                  // "s3://bucket/prefix"
  std::string Target(const std::string& key) const;          // of an object
  std::string CopySource(const std::string& key) const;      // as x-amz-copy-source wants it
  std::string ListTarget(const ListRequest& request) const;  // of one page of the bucket
  // Of one page of the bucket's unfinished uploads, behind the last of the page before.
  std::string UploadsTarget(const std::string& after_key, const std::string& after_id) const;
};

// `root` is "s3://bucket[/prefix]"; `options` have their region and, unless it is AWS, their endpoint.
Result<S3Address> MakeS3Address(std::string_view root, const StoreOptions& options);

}  // namespace eider
