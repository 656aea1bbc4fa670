#include "pth/unpickler.hpp"

#include <cstring>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "pth/pickle_opcodes.hpp"

namespace cv::mixmim {

using namespace pickle;

namespace {

// More than any model needs, and little enough to bound the work that a hostile file can ask for.
constexpr size_t kMostValues = 1'000'000, kDeepestStack = 100'000, kDeepestNesting = 100,
                 kMostMemorised = 1'000'000, kLongestText = 16 << 20, kLongestName = 200;

}  // namespace

Unpickler::Unpickler(std::string_view pickle, std::string where, StorageBytes storageBytes,
                     uint64_t tensorLimit, PthArena& arena)
    : pickle_(pickle),
      where_(std::move(where)),
      storageBytes_(std::move(storageBytes)),
      tensorBytesLeft_(tensorLimit),
      arena_(arena) {}

void Unpickler::fail(const std::string& what) const {
  throw Error(fmt::format("{}: byte {}", where_, opcodeAt_), what);
}

PthValue Unpickler::run() {
  const PthValue value = runFirst();
  if (next_ != pickle_.size()) fail("expected one value and the end of the pickle");
  return value;
}

PthValue Unpickler::runFirst() {
  if (number(1) != kProto || number(1) != kProtocol)
    fail("expected a pickle of protocol 2, as PyTorch writes");
  for (;;) {
    opcodeAt_ = next_;
    const auto opcode = static_cast<unsigned char>(number(1));
    if (opcode == kStop) break;
    if (!readScalar(opcode) && !readMemo(opcode) && !readContainer(opcode) && !readObject(opcode))
      fail(fmt::format("the pickle opcode 0x{:02x} is not one that PyTorch writes", opcode));
  }
  if (stack_.size() != 1 || !marks_.empty()) fail("expected one value and the end of the pickle");
  return pop();
}

std::string_view Unpickler::take(uint64_t bytes) {
  if (bytes > pickle_.size() - next_)
    fail(fmt::format("expected {} more bytes, got {}", bytes, pickle_.size() - next_));
  const std::string_view taken = pickle_.substr(next_, bytes);
  next_ += bytes;
  return taken;
}

uint64_t Unpickler::number(unsigned bytes) {
  uint64_t value = 0;
  const std::string_view digits = take(bytes);
  for (size_t i = bytes; i-- > 0;) value = value << 8 | static_cast<unsigned char>(digits[i]);
  return value;
}

std::string_view Unpickler::line() {
  const size_t end = pickle_.find('\n', next_);
  if (end == std::string_view::npos) fail("expected a name and the end of its line");
  if (end - next_ > kLongestName)
    fail(fmt::format("a name of {} bytes, expected at most {}", end - next_, kLongestName));
  const std::string_view text = take(end - next_);
  ++next_;
  return text;
}

PthNode* Unpickler::add(PthNode node) {
  if (arena_.nodes.size() == kMostValues) fail(fmt::format("more than {} values", kMostValues));
  arena_.nodes.push_back(std::move(node));
  return &arena_.nodes.back();
}

void Unpickler::push(PthNode* node) {
  if (stack_.size() == kDeepestStack)
    fail(fmt::format("more than {} values wait on the stack", kDeepestStack));
  stack_.push_back(node);
}

PthNode* Unpickler::pop() {
  const size_t floor = marks_.empty() ? 0 : marks_.back();
  if (stack_.size() <= floor) fail("expected a value on the stack, got none");
  PthNode* node = stack_.back();
  stack_.pop_back();
  return node;
}

std::vector<PthValue> Unpickler::popToMark() {
  if (marks_.empty()) fail("expected a mark on the stack, got none");
  const size_t mark = marks_.back();
  marks_.pop_back();
  std::vector<PthValue> items(stack_.begin() + static_cast<std::ptrdiff_t>(mark), stack_.end());
  stack_.resize(mark);
  return items;
}

std::vector<PthValue> Unpickler::popNumber(size_t count) {
  std::vector<PthValue> items(count);
  for (size_t i = count; i-- > 0;) items[i] = pop();
  return items;
}

bool Unpickler::readScalar(unsigned char opcode) {
  switch (opcode) {
    case kNone:
      return pushNew(PthNone{}), true;
    case kNewTrue:
      return pushNew(true), true;
    case kNewFalse:
      return pushNew(false), true;
    case kBinInt1:
      return pushNew(static_cast<int64_t>(number(1))), true;
    case kBinInt2:
      return pushNew(static_cast<int64_t>(number(2))), true;
    case kBinInt:
      return pushNew(int64_t{static_cast<int32_t>(static_cast<uint32_t>(number(4)))}), true;
    case kLong1:
      return readLong(), true;
    case kBinFloat: {
      uint64_t bits = 0;  // the one number in a pickle that is big-endian
      for (const char digit : take(sizeof bits)) bits = bits << 8 | static_cast<unsigned char>(digit);
      double value;
      std::memcpy(&value, &bits, sizeof value);
      return pushNew(value), true;
    }
    case kBinUnicode: {
      const uint64_t bytes = number(4);
      if (bytes > kLongestText)
        fail(fmt::format("a text of {} bytes, expected at most {}", bytes, kLongestText));
      return pushNew(take(bytes)), true;
    }
    default:
      return false;
  }
}

void Unpickler::readLong() {
  const std::string_view digits = take(number(1));
  uint64_t value = 0;
  if (digits.size() > sizeof value) return push(passOver({"builtins", "int of more than 64 bits"}));
  if (!digits.empty() && (digits.back() & 0x80)) value = ~uint64_t{0};  // two's complement
  for (size_t i = digits.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(digits[i]);
  pushNew(static_cast<int64_t>(value));
}

bool Unpickler::readMemo(unsigned char opcode) {
  switch (opcode) {
    case kBinPut:
      return store(number(1)), true;
    case kLongBinPut:
      return store(number(4)), true;
    case kBinGet:
      return load(number(1)), true;
    case kLongBinGet:
      return load(number(4)), true;
    default:
      return false;
  }
}

void Unpickler::store(uint64_t index) {
  if (index >= kMostMemorised)
    fail(fmt::format("memo number {}, expected one below {}", index, kMostMemorised));
  memo_[index] = pop();
  push(memo_[index]);
}

void Unpickler::load(uint64_t index) {
  const auto found = memo_.find(index);
  if (found == memo_.end()) fail(fmt::format("memo number {} was never stored", index));
  push(found->second);
}

bool Unpickler::readContainer(unsigned char opcode) {
  switch (opcode) {
    case kMark:
      if (marks_.size() == kDeepestNesting) fail(fmt::format("nested more than {} deep", kDeepestNesting));
      return marks_.push_back(stack_.size()), true;
    case kEmptyDict:
      return pushNew(PthDict{}), true;
    case kEmptyList:
    case kEmptyTuple:
      return pushNew(PthList{}), true;
    case kTuple:
      return pushNew(PthList{popToMark()}), true;
    case kTuple1:
    case kTuple2:
    case kTuple3:
      return pushNew(PthList{popNumber(opcode - kTuple1 + 1u)}), true;
    case kAppend:
      return append(popNumber(1)), true;
    case kAppends:
      return append(popToMark()), true;
    case kSetItem:
      return setItems(popNumber(2)), true;
    case kSetItems:
      return setItems(popToMark()), true;
    default:
      return false;
  }
}

/// Appends items to a list, except that those for an object that was passed over are passed over too.
void Unpickler::append(std::vector<PthValue> items) {
  PthNode* target = pop();
  push(target);
  if (target->as<PthOpaque>()) return;
  auto* list = std::get_if<PthList>(&target->value);
  if (!list) fail(fmt::format("expected a list to append to, got {}", describe(target)));
  list->items.insert(list->items.end(), items.begin(), items.end());
}

void Unpickler::setItems(const std::vector<PthValue>& items) {
  PthNode* target = pop();
  push(target);
  if (items.size() % 2 != 0) fail("expected keys and values in turn");
  if (target->as<PthOpaque>()) return;
  auto* dict = std::get_if<PthDict>(&target->value);
  if (!dict) fail(fmt::format("expected a dictionary to add to, got {}", describe(target)));
  for (size_t i = 0; i < items.size(); i += 2) dict->items.emplace_back(items[i], items[i + 1]);
}

bool Unpickler::readObject(unsigned char opcode) {
  switch (opcode) {
    case kGlobal: {
      const std::string_view module = line(), name = line();
      return pushNew(PthOpaque{module, name}), true;
    }
    case kReduce:
      return call(), true;
    case kNewObj:
      return construct(), true;
    case kBuild:
      return build(), true;
    case kBinPersId:
      return openStorage(), true;
    default:
      return false;
  }
}

}  // namespace cv::mixmim
