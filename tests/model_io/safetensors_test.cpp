// Files from strangers and files of our own: what is read is what was written, and damage is named exactly.
#include "model_io/files/safetensors.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cstring>

#include <fmt/format.h>

#include "tests/support/expect_error.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/support/tensors.hpp"

namespace cv::mixmim::test {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

template <class Case>
std::string nameOfCase(const ::testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

std::string fileOf(const std::string& header, const std::string& data = "", uint64_t length = 0) {
  std::string file;
  const uint64_t size = length > 0 ? length : header.size();
  for (int i = 0; i < 8; ++i) file += static_cast<char>(size >> (8 * i) & 0xff);
  return file + header + data;
}

/// A header with one tensor "a", which has this entry.
std::string entry(const std::string& fields) {
  return R"({"a":{)" + fields + "}}";
}

std::string readFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A tensor whose bytes count up from `first`.
Tensor counting(std::vector<int64_t> shape, DType dtype, int first = 1) {
  Tensor tensor = Tensor::zeros(std::move(shape), dtype);
  for (size_t i = 0; i < tensor.bytes.total(); ++i) tensor.bytes.data[i] = static_cast<uint8_t>(first + i);
  return tensor;
}

TensorMap oneOfEachType() {
  TensorMap tensors;
  for (int i = 0; i <= static_cast<int>(DType::kBool); ++i) {
    const auto dtype = static_cast<DType>(i);
    tensors[nameOf(dtype)] = counting({3, 2}, dtype, 10 * i);
  }
  return tensors;
}

struct Contents {
  const char* name;
  TensorMap tensors;
  Metadata metadata;
};

class SafetensorsRoundTrip : public ::testing::TestWithParam<Contents> {};

TEST_P(SafetensorsRoundTrip, KeepsTensorsAndMetadata) {
  const TempFolder folder;
  const std::string path = folder / "a.safetensors";
  writeSafetensors(path, GetParam().tensors, GetParam().metadata);
  Metadata metadata{{"old", "is replaced"}};
  expectEqual(readSafetensors(path, &metadata), GetParam().tensors);
  EXPECT_EQ(metadata, GetParam().metadata);
  EXPECT_NO_THROW(verifySafetensors(path));
}

INSTANTIATE_TEST_SUITE_P(
    Files, SafetensorsRoundTrip,
    ::testing::Values(Contents{"Nothing", {}, {}},
                      Contents{"OnlyMetadata", {}, {{"format", "pt"}, {"", "empty key"}}},
                      Contents{"EveryType", oneOfEachType(), {}},
                      Contents{"OneNumber", {{"rank 0", counting({}, DType::kF32)}}, {}},
                      Contents{"Vector", {{"rank 1", counting({5}, DType::kI16)}}, {}},
                      Contents{"FiveDimensions", {{"rank 5", counting({1, 2, 1, 3, 2}, DType::kU8)}}, {}},
                      Contents{"EmptyTensors",
                               {{"a", counting({0}, DType::kF64)},
                                {"b", counting({2}, DType::kF64)},
                                {"c", counting({4, 0, 3}, DType::kF64)}},
                               {}},
                      Contents{"OddNames",
                               {{"", counting({1}, DType::kU8)},
                                {"\"quoted\\\n\"", counting({2}, DType::kU8)},
                                {"\xc3\xa4", counting({3}, DType::kU8)}},
                               {{"line", "a\nb\t\"c\""}}}),
    nameOfCase<Contents>);

TEST(Safetensors, AlignsEveryTensorToItsType) {
  const TempFolder folder;
  const std::string path = folder / "a.safetensors";
  TensorMap tensors = oneOfEachType();
  tensors["odd"] = counting({3}, DType::kU8);
  tensors["another F64"] = counting({1}, DType::kF64);
  writeSafetensors(path, tensors);

  const std::string file = readFile(path);
  uint64_t size = 0;
  std::memcpy(&size, file.data(), sizeof size);
  EXPECT_EQ(size % 8, 0u);
  const boost::json::value header = boost::json::parse(file.substr(8, size));
  std::vector<std::pair<int64_t, std::string>> order;
  for (const auto& [name, tensor] : tensors) {
    const int64_t begin = header.at(name).at("data_offsets").at(0).as_int64();
    EXPECT_EQ(begin % static_cast<int64_t>(sizeOf(tensor.dtype)), 0) << name;
    order.emplace_back(begin, name);
  }
  std::sort(order.begin(), order.end());
  std::string names;
  for (const auto& [begin, name] : order) names += name + " ";
  EXPECT_EQ(names, "F64 I64 another F64 F32 I32 BF16 F16 I16 BOOL I8 U8 odd ");
}

TEST(Safetensors, SameArgumentsGiveTheSameBytes) {
  const TempFolder folder;
  writeSafetensors(folder / "a", oneOfEachType(), {{"k", "v"}});
  writeSafetensors(folder / "b", oneOfEachType(), {{"k", "v"}});
  EXPECT_EQ(readFile(folder / "a"), readFile(folder / "b"));
  EXPECT_EQ(safetensorsIdentity(folder / "a"), safetensorsIdentity(folder / "b"));
}

TEST(Safetensors, IdentityFollowsEveryByteOfTheTensors) {
  const TempFolder folder;
  TensorMap tensors{{"a", counting({2}, DType::kU8)}};
  writeSafetensors(folder / "a", tensors);
  tensors["a"].bytes.data[1] ^= 1;
  writeSafetensors(folder / "b", tensors);
  EXPECT_NE(safetensorsIdentity(folder / "a"), safetensorsIdentity(folder / "b"));
}

TEST(Safetensors, FilesOfOthersNeedNoHashes) {
  Metadata metadata;
  const std::string file =
      fileOf(R"({"__metadata__":{"format":"pt"},"a":{"data_offsets":[0,2],"shape":[2],"dtype":"U8"}}  )",
             "\x01\x02");
  expectEqual(parseSafetensors(file, "a.safetensors", &metadata), {{"a", counting({2}, DType::kU8)}});
  EXPECT_EQ(metadata, (Metadata{{"format", "pt"}}));
}

TEST(Safetensors, AFlippedBitIsFoundOrChangesNoTensor) {
  const TempFolder folder;
  const TensorMap tensors{{"first", counting({3}, DType::kF32)}, {"second", counting({}, DType::kU8)}};
  writeSafetensors(folder / "a", tensors);
  const std::string intact = readFile(folder / "a");
  int found = 0;
  for (size_t bit = 0; bit < 8 * intact.size(); ++bit) {
    std::string file = intact;
    file[bit / 8] = static_cast<char>(file[bit / 8] ^ 1 << bit % 8);
    try {
      expectEqual(parseSafetensors(file, "a"), tensors);
    } catch (const Error&) {
      ++found;
    }
  }
  EXPECT_GT(found, static_cast<int>(8 * intact.size()) / 2);
}

TEST(Safetensors, DamagedDataNamesTheTensor) {
  const TempFolder folder;
  const std::string path = folder / "a.safetensors";
  writeSafetensors(path, {{"first", counting({3}, DType::kF32)}, {"second", counting({5}, DType::kU8)}});
  const std::string intact = readFile(path);
  for (size_t fromEnd = 1; fromEnd <= 17; ++fromEnd) {
    std::string file = intact;
    file[file.size() - fromEnd] ^= 0x10;
    writeFile(path, file);
    const std::string message = fmt::format("{}: tensor '{}' is damaged: its content does not match its hash",
                                            path, fromEnd <= 5 ? "second" : "first");
    MIXMIM_EXPECT_ERROR(readSafetensors(path), message.c_str());
    MIXMIM_EXPECT_ERROR(verifySafetensors(path), message.c_str());
  }
}

TEST(Safetensors, EveryShorterFileIsAnError) {
  const TempFolder folder;
  writeSafetensors(folder / "a", {{"first", counting({3}, DType::kF32)}});
  const std::string intact = readFile(folder / "a");
  for (size_t size = 0; size < intact.size(); ++size)
    EXPECT_THROW(parseSafetensors(std::string_view(intact).substr(0, size), "a"), Error) << size;
}

TEST(Safetensors, HeadersAreLimitedTo100Megabytes) {
  const TempFolder folder;
  const std::string path = folder / "a.safetensors";
  writeFile(path, fileOf("{", "", 100'000'001));
  fs::resize_file(path, 200'000'000);  // a hole, which takes no space on the disk
  const std::string message = path +
                              ": expected a header of at most 100000000 bytes, got 100000001; this is not a "
                              "safetensors file, or it is cut off";
  MIXMIM_EXPECT_ERROR(readSafetensors(path), message.c_str());
}

TEST(Safetensors, WhatIsNotAFileIsNamed) {
  const TempFolder folder;
  const std::string missing = folder / "missing",
                    none = missing + ": cannot be read: No such file or directory", path = folder.path(),
                    isFolder = path + ": cannot be read: Is a directory";
  MIXMIM_EXPECT_ERROR(readSafetensors(missing), none.c_str());
  MIXMIM_EXPECT_ERROR(readSafetensors(path), isFolder.c_str());
}

TEST(Safetensors, WritesNothingThatCannotBeRead) {
  const TempFolder folder;
  const std::string path = folder / "a.safetensors";
  Tensor shorter = counting({3}, DType::kF32);
  shorter.shape = {4};
  const std::string bytes = path + ": tensor 'a': expected 16 bytes for its shape, got 12",
                    name = path + ": tensor '__metadata__' has a reserved name",
                    key = path + ": metadata 'xxh3.a' has a reserved name";
  MIXMIM_EXPECT_ERROR((writeSafetensors(path, {{"a", shorter}}), 0), bytes.c_str());
  MIXMIM_EXPECT_ERROR((writeSafetensors(path, {{"__metadata__", counting({}, DType::kU8)}}), 0),
                      name.c_str());
  MIXMIM_EXPECT_ERROR((writeSafetensors(path, {}, {{"xxh3.a", ""}}), 0), key.c_str());
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

struct Damage {
  const char* name;
  std::string bytes;
  const char* message;
};

class DamagedSafetensors : public ::testing::TestWithParam<Damage> {};

TEST_P(DamagedSafetensors, IsNamed) {
  MIXMIM_EXPECT_ERROR(parseSafetensors(GetParam().bytes, "x"), GetParam().message);
}

#define NOT_SAFETENSORS "; this is not a safetensors file, or it is cut off"
INSTANTIATE_TEST_SUITE_P(
    Length, DamagedSafetensors,
    ::testing::Values(
        Damage{"Empty", "", "x: is too short to be a safetensors file"},
        Damage{"SevenBytes", "\2\0\0\0\0\0\0"s, "x: is too short to be a safetensors file"},
        Damage{"OnlyALength", "\2\0\0\0\0\0\0\0"s,
               "x: expected a header of at most 0 bytes, got 2" NOT_SAFETENSORS},
        Damage{"LongerThanTheFile", fileOf("{}", "", 3),
               "x: expected a header of at most 2 bytes, got 3" NOT_SAFETENSORS},
        Damage{"Largest", std::string(8, '\xff') + "{}",
               "x: expected a header of at most 2 bytes, got 18446744073709551615" NOT_SAFETENSORS},
        Damage{"Zero", std::string(8, '\0'), "x: header: expected to begin with {"}),
    nameOfCase<Damage>);

INSTANTIATE_TEST_SUITE_P(
    Json, DamagedSafetensors,
    ::testing::Values(
        Damage{"Spaces", fileOf(" {}"), "x: header: expected to begin with {"},
        Damage{"Array", fileOf("[]"), "x: header: expected to begin with {"},
        Damage{"NotJson", fileOf("{hello}"), "x: header: not JSON at byte 1: syntax error"},
        Damage{"CutOff", fileOf(R"({"a":)"), "x: header: not JSON at byte 5: incomplete JSON"},
        Damage{"TextBehind", fileOf("{} {}"), "x: header: not JSON at byte 3: extra data"},
        Damage{"Nested", fileOf(entry(R"("shape":[[[1]]])")), "x: header: not JSON at byte 15: too deep"},
        Damage{"TensorIsANumber", fileOf(R"({"a":1})"), "x: tensor 'a': expected an object, got a number"},
        Damage{"TensorIsNull", fileOf(R"({"a":null})"), "x: tensor 'a': expected an object, got null"},
        Damage{"TensorIsAList", fileOf(R"({"a":[]})"), "x: tensor 'a': expected an object, got an array"},
        Damage{"MetadataIsAList", fileOf(R"({"__metadata__":[]})"),
               "x: '__metadata__': expected an object, got an array"},
        Damage{"MetadataOfNumbers", fileOf(R"({"__metadata__":{"steps":7}})"),
               "x: '__metadata__': steps: a number is out of place"},
        Damage{"MetadataOfObjects", fileOf(R"({"__metadata__":{"k":{}}})"),
               "x: '__metadata__': k: an object is out of place"}),
    nameOfCase<Damage>);

#define U8 R"("dtype":"U8")"
INSTANTIATE_TEST_SUITE_P(
    Fields, DamagedSafetensors,
    ::testing::Values(
        Damage{"NoDtype", fileOf(entry(R"("shape":[],"data_offsets":[0,1])"), "a"),
               "x: tensor 'a': has no dtype"},
        Damage{"NoShape", fileOf(entry(U8 R"(,"data_offsets":[0,1])"), "a"), "x: tensor 'a': has no shape"},
        Damage{"NoOffsets", fileOf(entry(U8 R"(,"shape":[])"), "a"), "x: tensor 'a': has no data_offsets"},
        Damage{"UnknownField", fileOf(entry(R"("device":"cpu")")),
               "x: tensor 'a': expected dtype, shape and data_offsets, got 'device'"},
        Damage{"UnknownType", fileOf(entry(R"("dtype":"F8_E4M3")")),
               "x: tensor 'a': dtype: expected one of F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL, got "
               "'F8_E4M3'"},
        Damage{"TypeIsANumber", fileOf(entry(R"("dtype":32)")),
               "x: tensor 'a': dtype: a number is out of place"},
        Damage{"NegativeSide", fileOf(entry(U8 R"(,"shape":[-1])")),
               "x: tensor 'a': shape: expected whole numbers from 0, got -1"},
        Damage{"FractionalSide", fileOf(entry(U8 R"(,"shape":[1.5])")),
               "x: tensor 'a': shape: a fraction is out of place"},
        Damage{"SideAboveInt64", fileOf(entry(U8 R"(,"shape":[9223372036854775808])")),
               "x: tensor 'a': shape: a number is too large"},
        Damage{"NegativeOffset", fileOf(entry(U8 R"(,"data_offsets":[-1,0])")),
               "x: tensor 'a': data_offsets: expected whole numbers from 0, got -1"},
        Damage{"ThreeOffsets", fileOf(entry(U8 R"(,"data_offsets":[0,1,2])")),
               "x: tensor 'a': data_offsets: expected two numbers"},
        Damage{"SameTensorTwice", fileOf(R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{}})"),
               "x: tensor 'a': appears twice"},
        Damage{"SameFieldTwice", fileOf(entry(U8 "," U8)), "x: tensor 'a': 'dtype' appears twice"},
        Damage{"SameMetadataTwice", fileOf(R"({"__metadata__":{"k":"1","k":"2"}})"),
               "x: '__metadata__': 'k' appears twice"},
        Damage{"MetadataTwice", fileOf(R"({"__metadata__":{},"__metadata__":{}})"),
               "x: '__metadata__': appears twice"},
        Damage{"ControlCharactersInAName", fileOf("{\"\\u001b[2J\":{\"x\":1}}"),
               "x: tensor '?[2J': expected dtype, shape and data_offsets, got 'x'"}),
    nameOfCase<Damage>);

#define FOLLOW "; tensors follow each other without holes or overlaps"
#define TWO_TENSORS(first, second)                                  \
  R"({"a":{"dtype":"U8","shape":[2],"data_offsets":)" first R"(},)" \
  R"("b":{"dtype":"U8","shape":[2],"data_offsets":)" second "}}"
INSTANTIATE_TEST_SUITE_P(
    Data, DamagedSafetensors,
    ::testing::Values(
        Damage{"HoleAtTheBeginning", fileOf(TWO_TENSORS("[1,3]", "[3,5]"), "12345"),
               "x: tensor 'a': expected to begin at byte 0, got 1" FOLLOW},
        Damage{"Hole", fileOf(TWO_TENSORS("[0,2]", "[3,5]"), "12345"),
               "x: tensor 'b': expected to begin at byte 2, got 3" FOLLOW},
        Damage{"Overlap", fileOf(TWO_TENSORS("[0,2]", "[1,3]"), "123"),
               "x: tensor 'b': expected to begin at byte 2, got 1" FOLLOW},
        Damage{"SamePlace", fileOf(TWO_TENSORS("[0,2]", "[0,2]"), "12"),
               "x: tensor 'b': expected to begin at byte 2, got 0" FOLLOW},
        Damage{"CutOff", fileOf(TWO_TENSORS("[0,2]", "[2,4]"), "123"),
               "x: expected 4 bytes of tensors, got 3; the file is cut off or damaged"},
        Damage{"BytesBehind", fileOf(TWO_TENSORS("[0,2]", "[2,4]"), "12345"),
               "x: expected 4 bytes of tensors, got 5; the file is cut off or damaged"},
        Damage{"SizeTooSmall", fileOf(entry(U8 R"(,"shape":[4],"data_offsets":[0,2])"), "12"),
               "x: tensor 'a': expected 4 bytes for its shape, got data_offsets [0, 2]"},
        Damage{"SizeOfAnotherType", fileOf(entry(R"("dtype":"F32","shape":[2],"data_offsets":[0,2])"), "12"),
               "x: tensor 'a': expected 8 bytes for its shape, got data_offsets [0, 2]"},
        Damage{"Backwards", fileOf(entry(U8 R"(,"shape":[2],"data_offsets":[2,0])"), "12"),
               "x: tensor 'a': expected 2 bytes for its shape, got data_offsets [2, 0]"},
        Damage{"EndAboveTheFile", fileOf(entry(U8 R"(,"shape":[1000000],"data_offsets":[0,1000000])"), "12"),
               "x: expected 1000000 bytes of tensors, got 2; the file is cut off or damaged"},
        Damage{"ShapeOverflows64Bits",
               fileOf(entry(U8 R"(,"shape":[4294967296,4294967296],"data_offsets":[0,0])")),
               "x: tensor 'a': expected at most 2147483647 bytes, got more"},
        Damage{"TwoGigabytes",
               fileOf(entry(R"("dtype":"F32","shape":[536870912],"data_offsets":[0,2147483648])")),
               "x: tensor 'a': expected at most 2147483647 bytes, got more"},
        Damage{"HashWithoutTensor", fileOf(R"({"__metadata__":{"xxh3.a":"0"}})"),
               "x: holds the hash of tensor 'a', but not the tensor; the file is damaged"},
        Damage{"WrongHash",
               fileOf(R"({"__metadata__":{"xxh3.a":"0"},"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]}})",
                      "1"),
               "x: tensor 'a' is damaged: its content does not match its hash"}),
    nameOfCase<Damage>);

}  // namespace
}  // namespace cv::mixmim::test
