// PyTorch's files: what PyTorch wrote is read, what we wrote comes back, and nothing that a file asks for is
// run.
#include "model_io/pth/pth.hpp"

#include <gtest/gtest.h>

#include "tests/support/expect_error.hpp"
#include "tests/support/pth_builder.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

namespace fs = std::filesystem;

template <class T>
std::vector<T> valuesOf(const Tensor& tensor) {
  return {tensor.as<T>(), tensor.as<T>() + tensor.elements()};
}

std::string readFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The tensor root["model"][name].
Tensor modelTensor(const PthFile& file, const std::string& name) {
  const auto* tensor = find<PthTensor>(find(*file.root()->as<PthDict>(), "model"), name);
  if (!tensor) throw Error("test", "there is no tensor " + name);
  return file.tensor(*tensor);
}

TEST(Pth, ReadsTensorsThatPytorchWrote) {
  const PthFile file(MIXMIM_GOLDEN_DIR "/pth/torch.pth");
  const Tensor turned = modelTensor(file, "turned"), index = modelTensor(file, "index");
  EXPECT_EQ(turned.shape, (std::vector<int64_t>{4, 3}));
  EXPECT_EQ(valuesOf<float>(turned), (std::vector<float>{0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11}));
  EXPECT_EQ(valuesOf<float>(modelTensor(file, "grid")).back(), 11);
  EXPECT_EQ(valuesOf<float>(modelTensor(file, "column")), (std::vector<float>{1, 5, 9}));
  EXPECT_EQ(valuesOf<float>(modelTensor(file, "parameter")), (std::vector<float>{7}));
  EXPECT_EQ(index.dtype, DType::kI64);
  EXPECT_EQ(valuesOf<int64_t>(index), (std::vector<int64_t>{-1, int64_t{1} << 40}));
  EXPECT_EQ(valuesOf<double>(modelTensor(file, "double")), (std::vector<double>{0.1}));
  EXPECT_EQ(valuesOf<uint16_t>(modelTensor(file, "half")), (std::vector<uint16_t>{0x3800, 0xc000}));
  EXPECT_EQ(modelTensor(file, "half").dtype, DType::kF16);
  EXPECT_EQ(valuesOf<uint16_t>(modelTensor(file, "bfloat")), (std::vector<uint16_t>{0x3fc0, 0xc040}));
  EXPECT_EQ(modelTensor(file, "bfloat").dtype, DType::kBF16);
  EXPECT_EQ(valuesOf<uint8_t>(modelTensor(file, "truth")), (std::vector<uint8_t>{1, 0, 1}));
  EXPECT_EQ(modelTensor(file, "truth").dtype, DType::kBool);
  EXPECT_EQ(modelTensor(file, "empty").shape, (std::vector<int64_t>{0, 3}));
}

TEST(Pth, ReadsPlainValuesThatPytorchWrote) {
  const PthFile file(MIXMIM_GOLDEN_DIR "/pth/torch.pth");
  const PthValue root = file.root();
  std::vector<std::string> numbers;
  for (const PthValue item : find<PthList>(root, "numbers")->items) numbers.push_back(describe(item));
  EXPECT_EQ(numbers, (std::vector<std::string>{
                         "the number 0", "the number 255", "the number 256", "the number 65536",
                         "the number -1", "the number 2147483648", "the number -4611686018427387904",
                         "an object of 'builtins.int of more than 64 bits', which is not run",
                         "the number 0.1", "True", "False", "None"}));
  EXPECT_EQ(*find<int64_t>(root, "epoch"), 299);
  const PthValue args = find(*root->as<PthDict>(), "args");
  EXPECT_EQ(*find<std::string_view>(args, "model"), "mixmim_base");
  EXPECT_EQ(*find<double>(args, "lr"), 1.5e-4);
  EXPECT_EQ(describe(find(*args->as<PthDict>(), "betas")), "a list of 2");
  EXPECT_EQ(describe(find(*root->as<PthDict>(), "size")), "a list of 2");
  EXPECT_EQ(*find<std::string_view>(root, "device"), "cpu");
  EXPECT_EQ(describe(find(*root->as<PthDict>(), "dtype")), "an object of 'torch.float32', which is not run");
}

TEST(Pth, NamesWhatItPassedOver) {
  const PthFile file(MIXMIM_GOLDEN_DIR "/pth/torch.pth");
  EXPECT_EQ(file.passedOver(),
            (std::vector<std::string>{"_codecs.encode", "builtins.int of more than 64 bits",
                                      "numpy._core.multiarray._reconstruct", "numpy.dtype"}));
}

/// A tensor whose bytes count up.
Tensor counting(std::vector<int64_t> shape, DType dtype) {
  Tensor tensor = Tensor::zeros(std::move(shape), dtype);
  for (size_t i = 0; i < tensor.bytes.total(); ++i) tensor.bytes.data[i] = static_cast<uint8_t>(i + 1);
  return tensor;
}

const std::vector<std::pair<std::vector<int64_t>, DType>> kTensors{
    {{2, 3}, DType::kF64},    {{2, 3}, DType::kF32}, {{1, 1, 5}, DType::kF16}, {{3}, DType::kBF16},
    {{2, 1, 2}, DType::kI64}, {{}, DType::kI32},     {{4}, DType::kI16},       {{0, 3}, DType::kI8},
    {{70}, DType::kU8},       {{1}, DType::kBool}};

void writeAll(const std::string& path) {
  PthWriter file(path);
  file.beginDict();
  file.text("tensors"), file.beginList();
  for (const auto& [shape, dtype] : kTensors) file.tensor(counting(shape, dtype));
  file.end();
  file.text("values"), file.beginTuple();
  file.none(), file.truth(true), file.truth(false), file.integer(-3), file.integer(int64_t{1} << 40),
      file.real(-0.1);
  file.text("\xc3\xa4");
  file.end();
  file.end();
  file.commit();
}

TEST(Pth, WhatIsWrittenComesBack) {
  const TempFolder folder;
  writeAll(folder / "a.pth");
  const PthFile file(folder / "a.pth");
  const auto& tensors = find<PthList>(file.root(), "tensors")->items;
  ASSERT_EQ(tensors.size(), kTensors.size());
  for (size_t i = 0; i < tensors.size(); ++i) {
    const Tensor read = file.tensor(*tensors[i]->as<PthTensor>());
    const Tensor written = counting(kTensors[i].first, kTensors[i].second);
    SCOPED_TRACE(nameOf(written.dtype));
    EXPECT_EQ(read.dtype, written.dtype);
    EXPECT_EQ(read.shape, written.shape);
    EXPECT_EQ(std::string(read.as<char>(), read.bytes.total()),
              std::string(written.as<char>(), written.bytes.total()));
  }
  std::string values;
  for (const PthValue item : find<PthList>(file.root(), "values")->items) values += describe(item) + "; ";
  EXPECT_EQ(
      values,
      "None; True; False; the number -3; the number 1099511627776; the number -0.1; the text '\xc3\xa4'; ");
  EXPECT_TRUE(file.passedOver().empty());
}

TEST(Pth, SameContentIsTheSameFile) {
  const TempFolder folder;
  writeAll(folder / "a.pth");
  writeAll(folder / "b.pth");
  EXPECT_EQ(readFile(folder / "a.pth"), readFile(folder / "b.pth"));
}

TEST(Pth, TensorsCanBeUsedWhereTheyAreMapped) {
  const TempFolder folder;
  writeAll(folder / "a.pth");
  const std::string file = readFile(folder / "a.pth"), bytes = std::string("\x01\x02\x03\x04\x05\x06", 6);
  size_t found = 0;
  for (size_t at = file.find(bytes); at != std::string::npos; at = file.find(bytes, at + 1), ++found)
    EXPECT_EQ(at % 64, 0u);
  EXPECT_EQ(found, 7u);  // the tensors of at least six bytes
}

TEST(Pth, WriterRefusesWhatWouldBeNoFile) {
  const TempFolder folder;
  const std::string path = folder / "a.pth";
  PthWriter open(path);
  open.beginList();
  MIXMIM_EXPECT_ERROR(open.commit(), (path + ": a list or dictionary was not ended").c_str());
  Tensor wrong = counting({2}, DType::kF32);
  wrong.shape = {3};
  MIXMIM_EXPECT_ERROR(open.tensor(wrong),
                      (path + ": a tensor of 8 bytes, expected 3 elements of 4 bytes").c_str());
  open.end();
  MIXMIM_EXPECT_ERROR(open.end(), (path + ": there is no list or dictionary to end").c_str());
  EXPECT_FALSE(fs::exists(path));
}

TEST(Pth, ReadsWideZipFields) {
  const std::string pickle = Pickle().op("K\x07").end();
  for (const bool wide : {false, true}) {
    const std::string file = zipOf({{"a/data.pkl", pickle, 0, 0, 0, 0, wide}, {"a/version", "3\n"}}, wide);
    EXPECT_EQ(describe(PthFile(file, "x.pth").root()), "the number 7");
  }
}

TEST(Pth, SharedStoragesAreReadThroughTheirStrides) {
  const std::string pickle = Pickle().tensor(6, 1, {2, 2}, {1, 3}).end();
  std::string storage(24, '\0');
  for (int i = 0; i < 6; ++i) reinterpret_cast<float*>(storage.data())[i] = static_cast<float>(i);
  const std::string bytes = pthOf(pickle, storage);
  const PthFile file(bytes, "x.pth");
  EXPECT_EQ(valuesOf<float>(file.tensor(*file.root()->as<PthTensor>())), (std::vector<float>{1, 4, 2, 5}));
}

/// A list that holds itself must neither leak nor be followed.
TEST(Pth, ContainersThatHoldThemselvesAreHarmless) {
  const std::string bytes =
      pthOf(Pickle().op("]q").op(std::string(1, '\0')).op("h").op(std::string(1, '\0')).op("a").end());
  const PthFile file(bytes, "x.pth");
  EXPECT_EQ(file.root()->as<PthList>()->items.at(0), file.root());
}

TEST(Pth, NothingIsRun) {
  const TempFolder folder;
  const std::string victim = folder / "victim";
  const std::string call = Pickle().global("os", "system").word("touch '" + victim + "'").op("\x85R").end();
  const std::string bytes = pthOf(call);
  const PthFile file(bytes, "x.pth");
  EXPECT_EQ(describe(file.root()), "an object of 'os.system', which is not run");
  EXPECT_EQ(file.passedOver(), std::vector<std::string>{"os.system"});
  EXPECT_FALSE(fs::exists(victim));
}

TEST(Pth, TypesOfPytorchThatAreNotKnownArePassedOver) {
  const std::string pickle = Pickle()
                                 .global("torch._utils", "_rebuild_tensor_v2")
                                 .op("(")
                                 .storage(6, "ComplexFloatStorage")
                                 .number(0)
                                 .numbers({3})
                                 .numbers({1})
                                 .op("\x89}tR")
                                 .end();
  const std::string bytes = pthOf(pickle, std::string(24, '\0'));
  EXPECT_EQ(describe(PthFile(bytes, "x.pth").root()),
            "an object of 'torch.ComplexFloatStorage', which is not run");
}

/// Two tensors of one storage, beside another storage that comes first.
std::string legacyFile() {
  const std::string pickle =
      Pickle().op("(").tensor(6, 1, {2, 2}, {1, 3}).tensor(6, 0, {1}, {1}).op("t").end();
  std::string numbers(24, '\0');
  for (int i = 0; i < 6; ++i) reinterpret_cast<float*>(numbers.data())[i] = static_cast<float>(i);
  return legacyOf(pickle, {{"0", numbers}});
}

TEST(LegacyPth, IsRead) {
  const std::string bytes = legacyFile();
  const PthFile file(bytes, "x.pth");
  const auto& items = file.root()->as<PthList>()->items;
  EXPECT_EQ(valuesOf<float>(file.tensor(*items.at(0)->as<PthTensor>())), (std::vector<float>{1, 4, 2, 5}));
  EXPECT_EQ(valuesOf<float>(file.tensor(*items.at(1)->as<PthTensor>())), (std::vector<float>{0}));
}

/// Whatever is cut off is an error, and so is what stands behind the end.
TEST(LegacyPth, IsReadWholeOrNotAtAll) {
  const std::string whole = legacyFile();
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_THROW(PthFile(std::string_view(whole).substr(0, size), "x.pth"), Error) << size;
  EXPECT_THROW(PthFile(whole + "x", "x.pth"), Error);
}

struct Hostile {
  const char* name;
  std::string file;
  const char* message;
};

class HostilePth : public ::testing::TestWithParam<Hostile> {};

TEST_P(HostilePth, IsRefusedByName) {
  const auto readAll = [](const std::string& bytes) {
    const PthFile file(bytes, "x.pth");
    if (const auto* tensor = file.root()->as<PthTensor>()) file.tensor(*tensor);
  };
  MIXMIM_EXPECT_ERROR(readAll(GetParam().file), GetParam().message);
}

std::string repeated(const std::string& text, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all += text;
  return all;
}

std::string tensorFile(int64_t elements, int64_t offset, const std::vector<int64_t>& shape,
                       const std::vector<int64_t>& strides) {
  return pthOf(Pickle().tensor(elements, offset, shape, strides).end(), std::string(24, '\1'));
}

const std::string kNumber = Pickle().op("K\x07").end();
constexpr int64_t kHuge = int64_t{1} << 62;

std::vector<Hostile> hostileZips() {
  const std::string whole = pthOf(kNumber);
  std::string comment = whole;
  comment[whole.size() - 2] = 5;
  return {
      {"Empty", "", "x.pth: is not a PyTorch file, expected a zip archive"},
      {"CutOff", whole.substr(0, whole.size() - 30),
       "x.pth: expected a zip archive, got a file without the directory at its end; the file is cut off or "
       "damaged"},
      {"LyingComment", comment,
       "x.pth: expected a zip archive, got a file without the directory at its end; the file is cut off or "
       "damaged"},
      {"NoMembers", "PK\x03\x04" + zipOf({}),
       "x.pth: expected a zip directory within 4 bytes, got 0 entries in 0 bytes at 0; the file is damaged"},
      {"Compressed", zipOf({{"a/data.pkl", kNumber, 8}}),
       "x.pth: member 'a/data.pkl': is compressed or encrypted, expected it stored as it is; torch.save "
       "never "
       "compresses"},
      {"Encrypted", zipOf({{"a/data.pkl", kNumber, 0, 1}}),
       "x.pth: member 'a/data.pkl': is compressed or encrypted, expected it stored as it is; torch.save "
       "never "
       "compresses"},
      {"SizeTooLarge", zipOf({{"a/data.pkl", kNumber, 0, 0, 1}}),
       "x.pth: member 'a/data.pkl': expected 6 bytes at 40, got 5; the file is cut off or damaged"},
      {"SizeNearlyInfinite", zipOf({{"a/data.pkl", kNumber, 0, 0, -8, 0, true}}, true),
       "x.pth: member 'a/data.pkl': expected 18446744073709551613 bytes at 40, got 5; the file is cut off or "
       "damaged"},
      {"WrongCrc", zipOf({{"a/data.pkl", kNumber, 0, 0, 0, 1}}),
       "x.pth: member 'a/data.pkl': is damaged: its content does not match its CRC-32"},
      {"WrongCrcOfTensor",
       zipOf({{"a/data.pkl", Pickle().tensor(1, 0, {1}, {1}).end()}, {"a/data/0", "abcd", 0, 0, 0, 1}}),
       "x.pth: member 'a/data/0': is damaged: its content does not match its CRC-32"},
      {"TwoOfAName", zipOf({{"a/data.pkl", kNumber}, {"a/data.pkl", kNumber}}),
       "x.pth: member 'a/data.pkl': is there twice; the file is damaged"},
      {"NoPickle", zipOf({{"a/version", "3\n"}}), "x.pth: expected a member 'a/data.pkl', got none"},
      {"BigEndian", zipOf({{"a/data.pkl", kNumber}, {"a/byteorder", "big"}}),
       "x.pth: holds big-endian numbers, expected little-endian ones"},
  };
}

std::vector<Hostile> hostilePickles() {
  const std::string zero(1, '\0');
  return {
      {"Protocol4", pthOf("\x80\x04K\x07."),
       "x.pth: data.pkl: byte 0: expected a pickle of protocol 2, as PyTorch writes"},
      {"OldCall", pthOf(Pickle().global("os", "system").op("(S'id'\ntR").end()),
       "x.pth: data.pkl: byte 14: the pickle opcode 0x53 is not one that PyTorch writes"},
      {"CallOfANumber", pthOf(Pickle().op("K\x01)R").end()),
       "x.pth: data.pkl: byte 5: expected a function and its arguments, got the number 1 and a list of 0"},
      {"DepthBomb", pthOf("\x80\x02" + std::string(101, '(') + "."),
       "x.pth: data.pkl: byte 102: nested more than 100 deep"},
      {"StackBomb", pthOf("\x80\x02" + std::string(100001, 'N') + "."),
       "x.pth: data.pkl: byte 100002: more than 100000 values wait on the stack"},
      {"ValueBomb", pthOf("\x80\x02N" + repeated("\x85", 1000000) + "."),
       "x.pth: data.pkl: byte 1000002: more than 1000000 values"},
      {"MemoBomb", pthOf(Pickle().op("Nr\xff\xff\xff\xff").end()),
       "x.pth: data.pkl: byte 3: memo number 4294967295, expected one below 1000000"},
      {"MemoThatIsNotThere", pthOf(Pickle().op("h\x07").end()),
       "x.pth: data.pkl: byte 2: memo number 7 was never stored"},
      {"TextBomb", pthOf(Pickle().op("X\xff\xff\xff\xff").end()),
       "x.pth: data.pkl: byte 2: a text of 4294967295 bytes, expected at most 16777216"},
      {"TextCutOff", pthOf(Pickle().op("X\x09" + zero + zero + zero).end()),
       "x.pth: data.pkl: byte 2: expected 9 more bytes, got 1"},
      {"NameCutOff", pthOf(Pickle().op("cos").end()),
       "x.pth: data.pkl: byte 2: expected a name and the end of its line"},
      {"NameBomb", pthOf(Pickle().global("os", std::string(201, 's')).end()),
       "x.pth: data.pkl: byte 2: a name of 201 bytes, expected at most 200"},
      {"NoEnd", pthOf(Pickle().op("N").text), "x.pth: data.pkl: byte 3: expected 1 more bytes, got 0"},
      {"NothingOnTheStack", pthOf(Pickle().end()),
       "x.pth: data.pkl: byte 2: expected one value and the end of the pickle"},
      {"TwoValues", pthOf(Pickle().op("NN").end()),
       "x.pth: data.pkl: byte 4: expected one value and the end of the pickle"},
      {"ValueBeforeAMark", pthOf(Pickle().op("N(\x85").end()),
       "x.pth: data.pkl: byte 4: expected a value on the stack, got none"},
      {"NoMark", pthOf(Pickle().op("Nt").end()),
       "x.pth: data.pkl: byte 3: expected a mark on the stack, got none"},
      {"OddItems", pthOf(Pickle().op("}(Nu").end()),
       "x.pth: data.pkl: byte 5: expected keys and values in turn"},
      {"AppendToADictionary", pthOf(Pickle().op("}Na").end()),
       "x.pth: data.pkl: byte 4: expected a list to append to, got a dictionary of 0"},
      {"NamespaceOfANumber",
       pthOf(Pickle()
                 .global("argparse", "Namespace")
                 .op(")\x81K\x01"
                     "b")
                 .end()),
       "x.pth: data.pkl: byte 26: expected the attributes of a Namespace, got the number 1"},
  };
}

std::vector<Hostile> hostileTensors() {
  return {
      {"StrideBeyondTheEnd", tensorFile(6, 0, {2, 3}, {4, 1}),
       "x.pth: data.pkl: byte 152: a tensor of shape [2, 3], strides [4, 1] and offset 0 does not fit its "
       "storage of "
       "6 elements"},
      {"StrideOverflow", tensorFile(6, 0, {3}, {kHuge}),
       "x.pth: data.pkl: byte 132: a tensor of shape [3], strides [4611686018427387904] and offset 0 does "
       "not fit its "
       "storage of 6 elements"},
      {"OffsetOverflow", tensorFile(6, kHuge, {1}, {1}),
       "x.pth: data.pkl: byte 132: a tensor of shape [1], strides [1] and offset 4611686018427387904 does "
       "not fit its "
       "storage of 6 elements"},
      {"ShapeOverflow", tensorFile(6, 0, {kHuge, 4}, {0, 0}),
       "x.pth: data.pkl: byte 152: a tensor of shape [4611686018427387904, 4], strides [0, 0] and offset 0 "
       "does not "
       "fit its storage of 6 elements"},
      {"EmptyShapeOverflow", tensorFile(6, 0, {kHuge, kHuge, 0}, {1, 1, 1}),
       "x.pth: data.pkl: byte 172: a tensor of shape [4611686018427387904, 4611686018427387904, 0], strides "
       "[1, 1, 1] "
       "and offset 0 does not fit its storage of 6 elements"},
      {"LargerThanItsStorage", tensorFile(6, 0, {1000}, {0}),
       "x.pth: data.pkl: byte 132: a tensor of shape [1000], strides [0] and offset 0 does not fit its "
       "storage of 6 "
       "elements"},
      {"NegativeStride", tensorFile(6, 5, {6}, {-1}),
       "x.pth: data.pkl: byte 132: expected storage, offset, shape and strides of a tensor"},
      {"StorageTooLarge", tensorFile(7, 0, {1}, {1}),
       "x.pth: data.pkl: byte 94: storage '0': expected the 24 bytes of its member, got 7 elements of 4 "
       "bytes"},
      {"StorageElsewhere", pthOf(Pickle().tensor(6, 0, {6}, {1}).end()),
       "x.pth: expected a member 'archive/data/0', got none"},
      {"StorageWithoutId", pthOf(Pickle().op("NQ").end()),
       "x.pth: data.pkl: byte 3: expected (\"storage\", type, key, device, elements) for a storage"},
      {"SharedTooOften",
       pthOf("\x80\x02(" + repeated(Pickle().tensor(2500, 0, {2500}, {1}).text.substr(2), 10) + "t.",
             std::string(10000, '\0')),
       "x.pth: data.pkl: byte 657: the tensors of the file share storages so often that they would not fit "
       "in memory"},
  };
}

template <class Case>
std::string nameOfCase(const ::testing::TestParamInfo<Case>& info) {
  return info.param.name;
}
std::vector<Hostile> hostileLegacy() {
  const std::string six = Pickle().tensor(6, 0, {6}, {1}).end(), bytes(24, '\1');
  std::string big = legacyOf(six, {{"0", bytes}});
  big[big.find("\x88s.")] = '\x89';
  const std::string huge = Pickle().tensor(kHuge, 0, {6}, {1}).end();
  return {{"BigEndian", big, "x.pth: holds big-endian numbers, expected little-endian ones"},
          {"NoStorage", legacyOf(six), "x.pth: has no storage '0'; the file is cut off or damaged"},
          {"UnknownStorage", legacyOf(kNumber, {{"0", bytes}}),
           "x.pth: expected the key of a known storage, got the text '0'"},
          {"StorageTwice", legacyOf(six, {{"0", bytes}, {"0", bytes}}), "x.pth: storage '0' is there twice"},
          {"StorageOfAnotherSize", legacyOf(six, {{"0", bytes + bytes}}),
           "x.pth: expected the end of the file at byte 224, got 24 more bytes"},
          {"StorageCutOff", legacyOf(six, {{"0", bytes.substr(4)}}),
           "x.pth: storage '0': expected 24 bytes, got 20; the file is cut off or damaged"},
          {"HugeStorage", legacyOf(huge, {{"0", bytes}}),
           "x.pth: storage '0': expected at most 224 bytes, got 18446744073709551612; the file is cut off or "
           "damaged"},
          {"MoreBehind", legacyOf(six, {{"0", bytes}}) + "x",
           "x.pth: expected the end of the file at byte 224, got 1 more bytes"}};
}

INSTANTIATE_TEST_SUITE_P(Legacy, HostilePth, ::testing::ValuesIn(hostileLegacy()), nameOfCase<Hostile>);
INSTANTIATE_TEST_SUITE_P(Zip, HostilePth, ::testing::ValuesIn(hostileZips()), nameOfCase<Hostile>);
INSTANTIATE_TEST_SUITE_P(Pickle, HostilePth, ::testing::ValuesIn(hostilePickles()), nameOfCase<Hostile>);
INSTANTIATE_TEST_SUITE_P(Tensor, HostilePth, ::testing::ValuesIn(hostileTensors()), nameOfCase<Hostile>);

}  // namespace
}  // namespace cv::mixmim::test
