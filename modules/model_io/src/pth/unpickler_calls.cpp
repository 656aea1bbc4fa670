// The calls that a pickle asks Python to make. The few functions that make plain data and tensors are known
// here and done in our own way; everything else is passed over by name.
#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "files/text.hpp"
#include "opencv2/mixmim/error.hpp"
#include "pth/pickle_opcodes.hpp"
#include "pth/unpickler.hpp"

namespace cv::mixmim {

namespace {

bool is(const PthOpaque& global, std::string_view module, std::string_view name) {
  return global.module == module && global.name == name;
}

/// The element type of a storage class; false: another class.
bool readStorageType(const PthOpaque& type, DType* dtype) {
  const auto found = std::find(pickle::kStorageTypes.begin(), pickle::kStorageTypes.end(), type.name);
  if (is(type, "torch.storage", "UntypedStorage"))
    *dtype = DType::kU8;
  else if (type.module == "torch" && found != pickle::kStorageTypes.end())
    *dtype = static_cast<DType>(found - pickle::kStorageTypes.begin());
  else
    return false;
  return true;
}

/// The numbers of a shape or of strides; false: something else.
bool readSizes(PthValue value, std::vector<int64_t>* sizes) {
  constexpr size_t kMostDimensions = 8;
  const auto* list = value->as<PthList>();
  if (!list || list->items.size() > kMostDimensions) return false;
  for (const PthValue item : list->items) {
    const auto* size = item->as<int64_t>();
    if (!size || *size < 0) return false;
    sizes->push_back(*size);
  }
  return true;
}

}  // namespace

/// REDUCE: function, arguments -> result.
void Unpickler::call() {
  const PthNode *arguments = pop(), *function = pop();
  const auto* global = function->as<PthOpaque>();
  const auto* list = arguments->as<PthList>();
  if (!global || !list)
    fail(fmt::format("expected a function and its arguments, got {} and {}", describe(function),
                     describe(arguments)));
  push(callKnown(*global, *list));
}

PthNode* Unpickler::callKnown(const PthOpaque& function, const PthList& arguments) {
  const std::vector<PthValue>& given = arguments.items;
  if (is(function, "collections", "OrderedDict") && given.empty()) return make(PthDict{});
  if (is(function, "torch._utils", "_rebuild_tensor_v2")) return rebuildTensor(arguments);
  const PthNode none{PthNone{}}, &first = given.empty() ? none : *given.front();
  std::vector<int64_t> sizes;
  if (is(function, "torch._utils", "_rebuild_parameter") && first.as<PthTensor>())
    return makeTensor(*first.as<PthTensor>());
  if (is(function, "torch", "device") && first.as<std::string_view>())
    return make(*first.as<std::string_view>());
  if (is(function, "torch", "Size") && readSizes(&first, &sizes))
    return make(PthList{first.as<PthList>()->items});
  return passOver(function);
}

PthNode* Unpickler::passOver(const PthOpaque& global) {
  constexpr size_t kMostNames = 100;
  if (passedOver_.size() < kMostNames) {
    const std::string name = inQuotes(fmt::format("{}.{}", global.module, global.name));
    passedOver_.insert(name.substr(1, name.size() - 2));
  }
  return make(global);
}

/// NEWOBJ: class, arguments -> object.
void Unpickler::construct() {
  const PthNode *arguments = pop(), *type = pop();
  const auto* global = type->as<PthOpaque>();
  if (!global || !arguments->as<PthList>())
    fail(fmt::format("expected a class and its arguments, got {} and {}", describe(type),
                     describe(arguments)));
  push(is(*global, "argparse", "Namespace") ? make(PthDict{{}, true}) : passOver(*global));
}

/// BUILD: object, state -> the object with that state. The state is data only for a Namespace; an
/// OrderedDict's attributes (_metadata) say nothing about values.
void Unpickler::build() {
  PthNode *state = pop(), *object = pop();
  push(object);
  auto* dict = std::get_if<PthDict>(&object->value);
  if (!dict && !object->as<PthOpaque>())
    fail(fmt::format("expected an object to set the state of, got {}", describe(object)));
  if (!dict || !dict->isNamespace) return;
  auto* attributes = std::get_if<PthDict>(&state->value);
  if (!attributes) fail(fmt::format("expected the attributes of a Namespace, got {}", describe(state)));
  dict->items.swap(attributes->items);  // nothing else of an honest file refers to them
}

/// BINPERSID: ("storage", type, key, device, elements) -> storage.
void Unpickler::openStorage() {
  const auto* id = pop()->as<PthList>();
  const auto at = [&](size_t i) { return id->items[i]; };
  // The legacy format adds whose view the storage is, of which the files that there are say None.
  const bool sized = id && (id->items.size() == 5 || (id->items.size() == 6 && at(5)->as<PthNone>()));
  const bool complete = sized && at(0)->as<std::string_view>() &&
                        *at(0)->as<std::string_view>() == "storage" && at(1)->as<PthOpaque>() &&
                        at(2)->as<std::string_view>() && at(4)->as<int64_t>();
  if (!complete) fail("expected (\"storage\", type, key, device, elements) for a storage");
  const PthOpaque& type = *at(1)->as<PthOpaque>();
  const std::string_view key = *at(2)->as<std::string_view>();
  const int64_t elements = *at(4)->as<int64_t>();
  DType dtype;
  if (!readStorageType(type, &dtype)) return push(passOver(type));
  const uint64_t size = sizeOf(dtype), most = std::numeric_limits<uint64_t>::max() / size;
  const uint64_t claimed = elements < 0 ? 0 : std::min(static_cast<uint64_t>(elements), most) * size;
  const uint64_t bytes = storageBytes_(key, claimed);
  if (elements < 0 || bytes % size != 0 || static_cast<uint64_t>(elements) != bytes / size)
    fail(fmt::format("storage {}: expected the {} bytes of its member, got {} elements of {} bytes",
                     inQuotes(key), bytes, elements, size));
  pushNew(PthStorage{key, dtype, elements});
}

/// _rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks[, metadata])
PthNode* Unpickler::rebuildTensor(const PthList& arguments) {
  const std::vector<PthValue>& given = arguments.items;
  constexpr size_t kNeeded = 4;
  if (given.size() < kNeeded) fail("expected storage, offset, shape and strides of a tensor");
  if (const auto* opaque = given[0]->as<PthOpaque>()) return passOver(*opaque);  // of a type not known here
  const auto* storage = given[0]->as<PthStorage>();
  const auto* offset = given[1]->as<int64_t>();
  std::vector<int64_t> shape, strides;
  if (!storage || !offset || *offset < 0 || !readSizes(given[2], &shape) || !readSizes(given[3], &strides) ||
      shape.size() != strides.size())
    fail("expected storage, offset, shape and strides of a tensor");
  return makeTensor({*storage, *offset, std::move(shape), std::move(strides)});
}

PthNode* Unpickler::makeTensor(PthTensor tensor) {
  const uint64_t bytes = elementsOf(tensor) * sizeOf(tensor.storage.dtype);
  if (bytes > tensorBytesLeft_)
    fail("the tensors of the file share storages so often that they would not fit in memory");
  tensorBytesLeft_ -= bytes;
  return make(std::move(tensor));
}

/// The number of elements; fails where the tensor looks outside its storage, or is larger than it.
uint64_t Unpickler::elementsOf(const PthTensor& tensor) const {
  constexpr uint64_t kMost = std::numeric_limits<int>::max();  // bytes that one row of a cv::Mat can hold
  const std::vector<int64_t>& shape = tensor.shape;
  const bool empty = std::find(shape.begin(), shape.end(), 0) != shape.end();
  const auto room = static_cast<uint64_t>(tensor.storage.elements);
  auto last = static_cast<uint64_t>(tensor.offset);  // the furthest element that is looked at
  uint64_t count = 1;
  bool fits = empty || last < room;
  for (size_t d = 0; d < shape.size() && fits; ++d) {
    const auto side = static_cast<uint64_t>(shape[d]), stride = static_cast<uint64_t>(tensor.strides[d]);
    if (side < 2) continue;
    fits = side <= (empty ? kMost : room) / count && (empty || stride <= (room - 1 - last) / (side - 1));
    if (!fits) break;
    count *= side;
    last += empty ? 0 : stride * (side - 1);
  }
  if (!fits)
    fail(fmt::format(
        "a tensor of shape [{}], strides [{}] and offset {} does not fit its storage of {} elements",
        fmt::join(shape, ", "), fmt::join(tensor.strides, ", "), tensor.offset, room));
  if (count > kMost / sizeOf(tensor.storage.dtype))
    fail(fmt::format("a tensor of {} elements, expected at most {} bytes", count, kMost));
  return empty ? 0 : count;
}

}  // namespace cv::mixmim
