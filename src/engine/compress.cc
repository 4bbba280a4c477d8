#include "engine/compress.h"

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <memory>

namespace eider {
namespace {

// Levels where each coder keeps up with about 100 MB/s of CSV on one core; a result is compressed once for all readers.
constexpr int kGzipLevel = 4;
constexpr int kZstdLevel = 3;
constexpr int kBrotliQuality = 4;

constexpr std::size_t kOutBytes = 64 * 1024;

Error CoderFailed(const char* name) { return Internal(std::string(name) + " failed to compress"); }

// The shared part: Step consumes all of the input and hands pieces of output to the target.
class Compressor : public Sink {
 public:
  explicit Compressor(Sink& target) : target_(target) {}

  Status Write(std::span<const char> bytes) final {
    const bool flush = !begun_;
    begun_ = true;
    return Step(bytes, flush ? Mode::kFlush : Mode::kRun);
  }
  Status Close() final {
    if (auto status = Step({}, Mode::kEnd); !status) return status;
    return target_.Close();
  }

 protected:
  enum class Mode : std::uint8_t { kRun, kFlush, kEnd };
  virtual Status Step(std::span<const char> bytes, Mode mode) = 0;

  Status Emit(std::size_t size) {
    return size == 0 ? Status() : target_.Write(std::span<const char>(out_.data(), size));
  }

  std::array<char, kOutBytes> out_;

 private:
  Sink& target_;
  bool begun_ = false;
};

class GzipCompressor final : public Compressor {
 public:
  explicit GzipCompressor(Sink& target) : Compressor(target) {
    constexpr int kGzipWindow = 15 + 16;  // zlib's way to say: gzip framing; its header carries no time
    ok_ = deflateInit2(&stream_, kGzipLevel, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~GzipCompressor() override { deflateEnd(&stream_); }

 private:
  Status Step(std::span<const char> bytes, Mode mode) override {
    if (!ok_) return CoderFailed("gzip");
    const int flush = mode == Mode::kRun ? Z_NO_FLUSH : mode == Mode::kFlush ? Z_SYNC_FLUSH : Z_FINISH;
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(out_.data());
      stream_.avail_out = kOutBytes;
      if (deflate(&stream_, flush) == Z_STREAM_ERROR) return CoderFailed("gzip");
      if (auto status = Emit(kOutBytes - stream_.avail_out); !status) return status;
    } while (stream_.avail_out == 0);
    return {};
  }

  z_stream stream_{};
  bool ok_ = false;
};

class ZstdCompressor final : public Compressor {
 public:
  explicit ZstdCompressor(Sink& target) : Compressor(target), context_(ZSTD_createCCtx(), ZSTD_freeCCtx) {
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kZstdLevel);
  }

 private:
  Status Step(std::span<const char> bytes, Mode mode) override {
    const auto directive = mode == Mode::kRun ? ZSTD_e_continue : mode == Mode::kFlush ? ZSTD_e_flush : ZSTD_e_end;
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    for (;;) {
      ZSTD_outBuffer out{out_.data(), kOutBytes, 0};
      const std::size_t left = ZSTD_compressStream2(context_.get(), &out, &in, directive);
      if (ZSTD_isError(left)) return CoderFailed("zstd");
      if (auto status = Emit(out.pos); !status) return status;
      const bool done = directive == ZSTD_e_continue ? in.pos == in.size : left == 0;
      if (done) return {};
    }
  }

  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context_;
};

class BrotliCompressor final : public Compressor {
 public:
  explicit BrotliCompressor(Sink& target)
      : Compressor(target),
        state_(BrotliEncoderCreateInstance(nullptr, nullptr, nullptr), BrotliEncoderDestroyInstance) {
    BrotliEncoderSetParameter(state_.get(), BROTLI_PARAM_QUALITY, kBrotliQuality);
    BrotliEncoderSetParameter(state_.get(), BROTLI_PARAM_LGWIN, 20);  // 1 MiB: what a reader must hold
  }

 private:
  Status Step(std::span<const char> bytes, Mode mode) override {
    const auto operation = mode == Mode::kRun     ? BROTLI_OPERATION_PROCESS
                           : mode == Mode::kFlush ? BROTLI_OPERATION_FLUSH
                                                  : BROTLI_OPERATION_FINISH;
    const auto* next_in = reinterpret_cast<const std::uint8_t*>(bytes.data());
    std::size_t in = bytes.size();
    do {
      auto* next_out = reinterpret_cast<std::uint8_t*>(out_.data());
      std::size_t out = kOutBytes;
      if (!BrotliEncoderCompressStream(state_.get(), operation, &in, &next_in, &out, &next_out, nullptr)) {
        return CoderFailed("br");
      }
      if (auto status = Emit(kOutBytes - out); !status) return status;
    } while (in > 0 || BrotliEncoderHasMoreOutput(state_.get()));
    return {};
  }

  std::unique_ptr<BrotliEncoderState, decltype(&BrotliEncoderDestroyInstance)> state_;
};

}  // namespace

const char* CodingName(Coding coding) {
  switch (coding) {
    case Coding::kGzip: return "gzip";
    case Coding::kZstd: return "zstd";
    case Coding::kBrotli: return "br";
    case Coding::kIdentity: break;
  }
  return "identity";
}

std::unique_ptr<Sink> MakeCompressor(Coding coding, Sink& target) {
  switch (coding) {
    case Coding::kGzip: return std::make_unique<GzipCompressor>(target);
    case Coding::kZstd: return std::make_unique<ZstdCompressor>(target);
    case Coding::kBrotli: return std::make_unique<BrotliCompressor>(target);
    case Coding::kIdentity: break;
  }
  return nullptr;
}

}  // namespace eider
