#include "data_pipeline/tar_format.hpp"

#include <gtest/gtest.h>

#include "tests/support/expect_error.hpp"
#include "tests/support/tars.hpp"

namespace cv::mixmim {
namespace {

using test::changedHeader;
using test::listing;
using test::padded;
using test::tarEnd;
using test::tarFile;
using test::tarOf;

constexpr size_t kSizeAt = 124, kTypeAt = 156, kPrefixAt = 345;

/// "name offset size", a line per file, and the damage.
std::string described(const std::string& tar) {
  const TarListing list = listing(tar);
  std::string text;
  for (const TarEntry& file : list.files)
    text += fmt::format("{} {} {}\n", file.name, file.offset, file.size);
  return text + (list.damage.empty() ? "" : fmt::format("{}: {}\n", list.damageOffset, list.damage));
}

const std::string kLong = std::string(60, 'a') + "/" + std::string(120, 'b') + ".jpg";

TEST(ListTar, FindsFilesAndTheirPlaces) {
  EXPECT_EQ(described(tarOf({{"a.jpg", "12345"}, {"folder/b.cls", ""}, {"c.png", std::string(513, 'x')}})),
            "a.jpg 512 5\nfolder/b.cls 1536 0\nc.png 2048 513\n");
}

TEST(ListTar, ReadsTheLongNamesThatTheWriterWrites) {
  EXPECT_EQ(described(tarOf({{kLong, "1"}, {"b.jpg", "22"}})), kLong + " 1536 1\nb.jpg 2560 2\n");
}

struct Case {
  const char* name;
  std::string tar, expected;
};

std::string typed(char type, const std::string& name = "x") {
  return changedHeader(tarHeader(name, 0), kTypeAt, std::string(1, type));
}

std::string extended(char type, const std::string& text) {
  return changedHeader(tarHeader("x", static_cast<int64_t>(text.size())), kTypeAt, std::string(1, type)) +
         padded(text);
}

const std::string kGood = tarFile("a.jpg", "12345"), kAfter = "a.jpg 512 5\n";

const Case kCases[] = {
    {"GnuLongName", extended('L', kLong + '\0') + tarFile("short", "1") + tarEnd(), kLong + " 1536 1\n"},
    {"PaxPathAndSize",
     extended('x', "14 path=p.jpg\n9 size=3\n") + changedHeader(tarHeader("q", 0), kSizeAt, "77777777777") +
         padded("abc") + tarEnd(),
     "p.jpg 1536 3\n"},
    {"PaxOfOneEntryOnly", extended('x', "14 path=p.jpg\n") + tarFile("a", "1") + tarFile("b", "1") + tarEnd(),
     "p.jpg 1536 1\nb 2560 1\n"},
    {"GlobalPaxIsPassedOver", extended('g', "14 path=p.jpg\n") + tarFile("a", "1") + tarEnd(), "a 1536 1\n"},
    {"UstarPrefix", changedHeader(tarHeader("name.jpg", 0), kPrefixAt, "some/folder") + tarEnd(),
     "some/folder/name.jpg 512 0\n"},
    {"BinarySize",
     changedHeader(tarHeader("a", 0), kSizeAt, std::string("\x80\0\0\0\0\0\0\0\0\0\0\x01", 12)) +
         padded("z") + tarEnd(),
     "a 512 1\n"},
    {"LinksAndFoldersHoldNothing",
     typed('1') + changedHeader(typed('2'), kSizeAt, "00000001000") + typed('5', "folder/") + kGood +
         tarEnd(),
     "a.jpg 2048 5\n"},
    {"NamesThatPointElsewhereAreNames", tarOf({{"../../etc/x.jpg", "1"}, {"/etc/y.jpg", "1"}}),
     "../../etc/x.jpg 512 1\n/etc/y.jpg 1536 1\n"},
    {"MissingEnd", kGood, kAfter + "1024: the end marker is missing\n"},
    {"CutOffInAHeader", kGood + std::string(100, 'x'), kAfter + "1024: the archive ends inside a header\n"},
    {"CutOffInAFile", kGood + tarHeader("b.jpg", 600) + std::string(599, 'x'),
     kAfter + "1024: the archive ends inside 'b.jpg'\n"},
    {"LyingSize", kGood + changedHeader(tarHeader("b.jpg", 0), kSizeAt, "77777777777") + tarEnd(),
     kAfter + "1024: the archive ends inside 'b.jpg'\n"},
    {"NegativeSize", kGood + changedHeader(tarHeader("b", 0), kSizeAt, std::string(12, '\xff')) + tarEnd(),
     kAfter + "1024: expected a tar header\n"},
    {"HugeBinarySize",
     kGood +
         changedHeader(tarHeader("b", 0), kSizeAt,
                       std::string("\x80\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12)) +
         tarEnd(),
     kAfter + "1024: expected a tar header\n"},
    {"WrongChecksum", kGood + std::string(tarHeader("b", 0)).replace(0, 1, "c") + tarEnd(),
     kAfter + "1024: expected a tar header\n"},
    {"Garbage", std::string(2048, 'g'), "0: expected a tar header\n"},
    {"Empty", "", "0: the archive ends inside a header\n"},
    {"PaxLengthZero", extended('x', "0 path=p\n") + tarFile("a", "1") + tarEnd(),
     "0: expected an extended header\n"},
    {"PaxLengthTooLarge", extended('x', "99 path=p\n") + tarFile("a", "1") + tarEnd(),
     "0: expected an extended header\n"},
    {"PaxWithoutKey", extended('x', "9 pathxp\n") + tarFile("a", "1") + tarEnd(),
     "0: expected an extended header\n"},
    {"PaxNegativeSize", extended('x', "11 size=-3\n") + tarFile("a", "1") + tarEnd(),
     "0: expected an extended header\n"},
    {"TooLongName", extended('L', std::string(70000, 'n')) + tarFile("a", "1") + tarEnd(),
     "0: an extended header is too long\n"},
};

class Archives : public testing::TestWithParam<Case> {};

TEST_P(Archives, AreUsedUpToTheDamage) {
  EXPECT_EQ(described(GetParam().tar), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(ListTar, Archives, testing::ValuesIn(kCases),
                         [](const auto& test) { return test.param.name; });

TEST(ListTar, RefusesCompressedArchives) {
  MIXMIM_EXPECT_ERROR(
      listing("\x1f\x8b\x08 and so on"),
      "compressed with gzip, expected a plain tar; unpack it first: a compressed one has no random access");
  MIXMIM_EXPECT_ERROR(
      listing("\x28\xb5\x2f\xfd and so on"),
      "compressed with zstd, expected a plain tar; unpack it first: a compressed one has no random access");
}

TEST(ListTar, EveryCutIsSeen) {
  const std::string tar = tarOf({{"a.jpg", "12345"}, {kLong, "1"}, {"c.png", std::string(700, 'x')}});
  const size_t whole = listing(tar).files.size();
  for (size_t cut = 0; cut < tar.size() - tarEnd().size(); cut += 37) {
    const TarListing list = listing(tar.substr(0, cut));
    EXPECT_FALSE(list.damage.empty()) << cut;
    EXPECT_LE(list.files.size(), whole);
    for (const TarEntry& file : list.files) EXPECT_LE(static_cast<size_t>(file.offset + file.size), cut);
  }
}

TEST(IsHeaderOf, WantsTheSizeAndTheChecksum) {
  TarHeader header;
  const std::string text = tarHeader("a", 77);
  std::copy(text.begin(), text.end(), header.begin());
  EXPECT_TRUE(isHeaderOf(header, 77));
  EXPECT_FALSE(isHeaderOf(header, 78));
  header[3] ^= 1;
  EXPECT_FALSE(isHeaderOf(header, 77));
}

std::string linkTo(const std::string& name, const std::string& target, char type) {
  std::string header = test::changedHeader(tarHeader(name, 0), 156, std::string(1, type));
  return test::changedHeader(header, 157, target);
}

TEST(Tar, HardLinksAreFilesOfTheirOwn) {
  const TarListing list = listing(tarFile("./a.jpg", "AAA") + linkTo("b.jpg", "a.jpg", '1') +
                                  linkTo("c.jpg", "b.jpg", '1') + linkTo("d.jpg", "none.jpg", '1') +
                                  linkTo("e.jpg", "a.jpg", '2') + tarFile("f.jpg", "F") + tarEnd());
  std::vector<std::string> files;
  for (const TarEntry& file : list.files)
    files.push_back(fmt::format("{} {} {}", file.name, file.offset, file.size));
  EXPECT_EQ(files, (std::vector<std::string>{"./a.jpg 512 3", "b.jpg 512 3", "c.jpg 512 3", "f.jpg 3584 1"}));
  EXPECT_EQ(list.deadLinks, 1);
  EXPECT_EQ(list.symbolicLinks, 1);
  EXPECT_EQ(list.damage, "");
}

}  // namespace
}  // namespace cv::mixmim
