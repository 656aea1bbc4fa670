// The part of Python's pickle format that PyTorch writes, read without running anything.
#pragma once

#include <deque>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model_io/pth/pth_value.hpp"

namespace cv::mixmim {

/// Owns the values of a file. They are not owned by each other, because containers of a hostile file may hold
/// themselves.
struct PthArena {
  std::deque<PthNode> nodes;
};

/// Bytes of the storage with that key, of which the pickle says that it has `claimed`. Throws Error where
/// there is none.
using StorageBytes = std::function<uint64_t(std::string_view key, uint64_t claimed)>;

/// The stack machine of a pickle (protocol 2), reduced to what builds plain data and tensors.
class Unpickler {
 public:
  /// `pickle` must outlive the values. `tensorLimit`: bytes that all tensors together may take.
  Unpickler(std::string_view pickle, std::string where, StorageBytes storageBytes, uint64_t tensorLimit,
            PthArena& arena);

  PthValue run();
  /// The same where something else follows the pickle, from bytesRead() on.
  PthValue runFirst();
  size_t bytesRead() const { return next_; }

  const std::set<std::string>& passedOver() const { return passedOver_; }

 private:
  [[noreturn]] void fail(const std::string& what) const;

  // Reading
  std::string_view take(uint64_t bytes);
  uint64_t number(unsigned bytes);
  std::string_view line();

  // The stack
  PthNode* add(PthNode node);
  template <class T>
  PthNode* make(T value) {
    return add({std::move(value)});
  }
  void push(PthNode* node);
  template <class T>
  void pushNew(T value) {
    push(make(std::move(value)));
  }
  PthNode* pop();
  std::vector<PthValue> popToMark();
  std::vector<PthValue> popNumber(size_t count);

  // Groups of opcodes; false: not of this group
  bool readScalar(unsigned char opcode);
  bool readMemo(unsigned char opcode);
  bool readContainer(unsigned char opcode);
  bool readObject(unsigned char opcode);

  void readLong();
  void store(uint64_t index);
  void load(uint64_t index);
  void append(std::vector<PthValue> items);
  void setItems(const std::vector<PthValue>& items);

  // Calls that the file asks for
  void call();
  void construct();
  void build();
  void openStorage();
  PthNode* callKnown(const PthOpaque& function, const PthList& arguments);
  PthNode* passOver(const PthOpaque& global);
  PthNode* rebuildTensor(const PthList& arguments);
  PthNode* makeTensor(PthTensor tensor);
  uint64_t elementsOf(const PthTensor& tensor) const;

  std::string_view pickle_;
  std::string where_;
  StorageBytes storageBytes_;
  uint64_t tensorBytesLeft_;
  PthArena& arena_;
  size_t next_ = 0, opcodeAt_ = 0;
  std::vector<PthNode*> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint64_t, PthNode*> memo_;
  std::set<std::string> passedOver_;
};

}  // namespace cv::mixmim
