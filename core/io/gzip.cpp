#include "core/io/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "core/stopping.h"

namespace bandwright {
namespace {

struct Ending {
  z_stream& stream;
  ~Ending() { deflateEnd(&stream); }
};

}  // namespace

std::string gzipped(std::string_view text) {
  constexpr int gzip_window = 15 + 16;  // the largest, with the header of gzip
  constexpr int most_memory = 9;
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, gzip_window, most_memory, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    throw std::runtime_error("zlib: cannot compress");
  }
  const Ending ending{stream};
  const StopCheck stop;
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  std::size_t written = 0;
  constexpr std::size_t most_at_once = 1 << 20;  // some ten milliseconds
  int status = Z_OK;
  while (status != Z_STREAM_END) {
    stop.look();
    const std::string_view part = text.substr(0, most_at_once);
    text.remove_prefix(part.size());
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(part.data()));  // zlib's type; it only reads
    stream.avail_in = static_cast<uInt>(part.size());
    do {
      stream.avail_out = static_cast<uInt>(std::min(packed.size() - written, most_at_once));
      status = deflate(&stream, text.empty() ? Z_FINISH : Z_NO_FLUSH);
      written = stream.total_out;
    } while (stream.avail_in > 0);
  }
  packed.resize(written);
  return packed;
}

}  // namespace bandwright
