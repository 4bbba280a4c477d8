#include "engine/compress.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <string>

#include "engine/text_sink.h"

namespace eider {
namespace {

std::string Compressible() {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += std::to_string(i * 7919) + ",some text\r\n";
  return text;
}

std::string Compress(Coding coding, const std::string& text, std::size_t piece) {
  TextSink sink;
  const auto compressor = MakeCompressor(coding, sink);
  for (std::size_t at = 0; at < text.size(); at += piece) {
    EXPECT_TRUE(compressor->Write(std::string_view(text).substr(at, piece)).ok());
    EXPECT_FALSE(sink.text.empty()) << "the beginning is not held back";
  }
  EXPECT_TRUE(compressor->Close().ok());
  EXPECT_TRUE(sink.closed);
  return sink.text;
}

std::string Gunzip(const std::string& text) {
  z_stream stream{};
  inflateInit2(&stream, 15 + 16);
  std::string out(4 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(stream.avail_in, 0u);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

TEST(CompressTest, GzipRoundTrips) {
  EXPECT_EQ(Gunzip(Compress(Coding::kGzip, Compressible(), 32768)), Compressible());
}

TEST(CompressTest, ZstdRoundTrips) {
  const std::string packed = Compress(Coding::kZstd, Compressible(), 5000);
  // Streamed frames do not state their size: decompress as a stream would.
  std::string out(4 << 20, '\0');
  const std::size_t size = ZSTD_decompress(out.data(), out.size(), packed.data(), packed.size());
  ASSERT_FALSE(ZSTD_isError(size));
  out.resize(size);
  EXPECT_EQ(out, Compressible());
}

TEST(CompressTest, BrotliIsSmallerAndTheSameEachTime) {
  const std::string packed = Compress(Coding::kBrotli, Compressible(), 32768);
  EXPECT_LT(packed.size(), Compressible().size() / 3);
  EXPECT_EQ(packed, Compress(Coding::kBrotli, Compressible(), 32768));
}

TEST(CompressTest, AnEmptyResultIsAValidStream) {
  EXPECT_EQ(Gunzip(Compress(Coding::kGzip, "", 1)), "");
  EXPECT_EQ(MakeCompressor(Coding::kIdentity, *std::make_unique<TextSink>()), nullptr);
}

}  // namespace
}  // namespace eider
