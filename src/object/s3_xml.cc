#include "object/s3_xml.h"

#include <aws/common/date_time.h>
#include <fmt/format.h>

#include <pugixml.hpp>

#include "base/text.h"
#include "object/aws_runtime.h"

namespace eider {
namespace {

// Of a text that is cut or no XML: what was understood until there; `whole` says so.
pugi::xml_document Parse(std::string_view xml, bool* whole = nullptr) {
  pugi::xml_document document;
  // Values as they are: keys may begin or end with spaces.
  const auto parsed = document.load_buffer(
      xml.data(), xml.size(),
      pugi::parse_minimal | pugi::parse_escapes | pugi::parse_cdata | pugi::parse_ws_pcdata_single);
  if (whole != nullptr) *whole = static_cast<bool>(parsed);
  return document;
}

Error WrongListing(const std::string& why) { return {ErrorKind::kUnavailable, "The store's listing " + why, {}}; }

std::string Decoded(const pugi::xml_node& element, bool encoded) {
  std::string text = element.text().get();
  return encoded ? PercentDecode(text, true).value_or(text) : text;
}

// Servers repeat what they were asked for; an answer without an echo is taken as it is.
bool Answers(const pugi::xml_node& result, bool encoded, const std::string& prefix, const std::string& continuation) {
  const pugi::xml_node echoed_prefix = result.child("Prefix");
  const pugi::xml_node echoed_token = result.child("ContinuationToken");
  return (!echoed_prefix || Decoded(echoed_prefix, encoded) == prefix) &&
         (!echoed_token || echoed_token.text().get() == continuation);
}

// A key out of the listing: decoded as `encoding` says, and below `root`. Nullopt: not a key of this store.
std::optional<std::string> KeyOf(const pugi::xml_node& element, bool encoded, std::string_view root) {
  std::string key = element.text().get();
  if (encoded) {
    // The encoding is that of forms: MinIO sends '+' for a space, AWS does as well.
    auto decoded = PercentDecode(key, true);
    if (!decoded) return std::nullopt;
    key = *std::move(decoded);
  }
  if (!key.starts_with(root) || key.size() == root.size()) return std::nullopt;
  return key.substr(root.size());
}

}  // namespace

S3ErrorDocument ParseS3Error(std::string_view xml) {
  const auto document = Parse(xml);
  pugi::xml_node error = document.child("Error");
  if (!error) error = document.child("ErrorResponse").child("Error");
  return {error.child("Code").text().get(), error.child("Message").text().get(), error.child("Region").text().get(),
          error.child("ServerTime").text().get()};
}

Result<ListPage> ParseS3List(std::string_view xml, std::string_view root, const ListRequest& asked) {
  bool whole = false;
  const auto document = Parse(xml, &whole);
  const pugi::xml_node result = document.child("ListBucketResult");
  if (!result) return WrongListing("is not the XML it should be. Is the endpoint an S3 server?");
  if (!whole) return WrongListing("is cut.");
  const bool encoded = std::string_view(result.child("EncodingType").text().get()) == "url";
  if (!Answers(result, encoded, std::string(root) + asked.prefix, asked.continuation)) {
    return WrongListing("is that of another folder or page.");
  }
  ListPage page;
  for (const pugi::xml_node& entry : result.children("Contents")) {
    auto key = KeyOf(entry.child("Key"), encoded, root);
    if (!key) continue;
    const auto size = ParseUint(entry.child("Size").text().get());
    if (!size) return WrongListing(fmt::format("has no size for '{}'.", *key));
    page.objects.push_back({*std::move(key), *size, UnquoteETag(entry.child("ETag").text().get()),
                            ParseTime(entry.child("LastModified").text().get())});
  }
  for (const pugi::xml_node& entry : result.children("CommonPrefixes")) {
    auto prefix = KeyOf(entry.child("Prefix"), encoded, root);
    if (prefix) page.prefixes.push_back(*std::move(prefix));
  }
  const bool truncated = std::string_view(result.child("IsTruncated").text().get()) == "true";
  if (truncated) {
    page.next = result.child("NextContinuationToken").text().get();
    if (page.next.empty()) return WrongListing("ends in the middle: it names no next page.");
  }
  return page;
}

Result<S3UploadPage> ParseS3Uploads(std::string_view xml, std::string_view root) {
  bool whole = false;
  const auto document = Parse(xml, &whole);
  const pugi::xml_node result = document.child("ListMultipartUploadsResult");
  if (!result || !whole) return WrongListing("of unfinished uploads is not the XML it should be.");
  const bool encoded = std::string_view(result.child("EncodingType").text().get()) == "url";
  S3UploadPage page;
  for (const pugi::xml_node& entry : result.children("Upload")) {
    auto key = KeyOf(entry.child("Key"), encoded, root);
    if (!key) continue;
    page.uploads.push_back(
        {*std::move(key), entry.child("UploadId").text().get(), 0, ParseTime(entry.child("Initiated").text().get())});
  }
  if (std::string_view(result.child("IsTruncated").text().get()) == "true") {
    page.next_key = Decoded(result.child("NextKeyMarker"), encoded);
    page.next_id = result.child("NextUploadIdMarker").text().get();
    if (page.next_key.empty()) return WrongListing("ends in the middle: it names no next page.");
  }
  return page;
}

std::uint64_t S3PartBytes(std::string_view xml) {
  const auto document = Parse(xml);
  std::uint64_t bytes = 0;
  for (const pugi::xml_node& part : document.document_element().children("Part")) {
    bytes += ParseUint(part.child("Size").text().get()).value_or(0);
  }
  return bytes;
}

std::string S3Element(std::string_view xml, const char* name) {
  const auto document = Parse(xml);
  return document.document_element().child(name).text().get();
}

WallTime ParseTime(std::string_view text) {
  aws_date_time time{};
  const aws_byte_cursor cursor = Cursor(text);
  const auto format = text.find(',') != std::string_view::npos ? AWS_DATE_FORMAT_RFC822 : AWS_DATE_FORMAT_ISO_8601;
  if (text.empty() || aws_date_time_init_from_str_cursor(&time, &cursor, format) != AWS_OP_SUCCESS) return {};
  return WallTime(std::chrono::milliseconds(aws_date_time_as_millis(&time)));
}

std::string UnquoteETag(std::string_view etag) {
  const bool weak = etag.starts_with("W/");
  std::string_view bare = weak ? etag.substr(2) : etag;
  if (bare.size() >= 2 && bare.front() == '"' && bare.back() == '"') bare = bare.substr(1, bare.size() - 2);
  return (weak ? "W/" : "") + std::string(bare);
}

}  // namespace eider
