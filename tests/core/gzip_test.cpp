#include "core/io/gzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace bandwright {
namespace {

std::string unpacked(const std::string& packed, std::size_t size) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string text(size + 1, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return text;
}

TEST(Gzip, UnpacksToTheText) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i * 7919 % 10'007) + "\n";
  EXPECT_EQ(unpacked(gzipped(text), text.size()), text);
  EXPECT_EQ(unpacked(gzipped(""), 0), "");
  EXPECT_LT(gzipped(text).size(), text.size());
}

}  // namespace
}  // namespace bandwright
