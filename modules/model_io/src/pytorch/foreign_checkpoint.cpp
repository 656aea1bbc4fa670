#include "model_io/pytorch/foreign_checkpoint.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "files/text.hpp"
#include "model/parameters.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"
#include "opencv2/mixmim/train/options.hpp"
#include "pytorch/encoder_family.hpp"
#include "pytorch/foreign_names.hpp"
#include "pytorch/model_from_shapes.hpp"
#include "pytorch/official_optimizer.hpp"

namespace cv::mixmim {

namespace {

/// The dictionary that would hold the tensors, in a file without any that we know.
const PthDict& stateDictOf(const PthFile& file) {
  const auto* root = file.root()->as<PthDict>();
  if (!root) throw Error(file.where(), "expected a dictionary with weights, got " + describe(file.root()));
  for (const char* key : {"model", "state_dict"}) {
    const PthValue value = find(*root, key);
    if (!value) continue;
    if (const auto* dict = value->as<PthDict>()) return *dict;
    throw Error(file.where(),
                fmt::format("expected a dictionary of weights as '{}', got {}", key, describe(value)));
  }
  return *root;
}

std::vector<std::string> namesOf(const PthDict& dict, const std::string& where) {
  std::vector<std::string> names;
  for (const auto& item : dict.items) {
    const auto* name = item.first->as<std::string_view>();
    if (!name) throw Error(where, "expected names of weights, got " + describe(item.first));
    names.emplace_back(*name);
  }
  return names;
}

/// The names of so many classes, where the value is a list of just that.
std::vector<std::string> textsOf(const PthList* list, size_t classes) {
  constexpr size_t kLongestName = 1000;
  if (!list || list->items.size() != classes) return {};
  std::vector<std::string> texts;
  for (const PthValue item : list->items) {
    const auto* text = item->as<std::string_view>();
    if (!text || text->size() > kLongestName) return {};
    texts.emplace_back(*text);
  }
  return texts;
}

/// Class names: ours in "labels", mmpretrain's in meta["dataset_meta"]["classes"], in older files
/// meta["CLASSES"].
std::vector<std::string> labelsOf(const PthDict& root, size_t classes) {
  const PthValue meta = find(root, "meta"), labels = find(root, "labels");
  const auto* metaDict = meta ? meta->as<PthDict>() : nullptr;
  const PthValue data = metaDict ? find(*metaDict, "dataset_meta") : nullptr;
  for (const PthList* list : {labels ? labels->as<PthList>() : nullptr, find<PthList>(data, "classes"),
                              find<PthList>(data, "CLASSES"), find<PthList>(meta, "CLASSES")})
    if (const std::vector<std::string> texts = textsOf(list, classes); !texts.empty()) return texts;
  return {};
}

}  // namespace

ForeignCheckpoint::ForeignCheckpoint(PthFile file, const std::string& key) : file_(std::move(file)) {
  const std::vector<ModelPlace> places = placesIn(file_.root());
  if (places.empty()) {
    const PthDict& dict = stateDictOf(file_);
    collect(dict, {});
    failWithoutWeights(namesOf(dict, file_.where()), file_.where());
  }
  const ChosenPlace chosen = choosePlace(places, key, file_.where());
  averaged_ = chosen.place.isAveraged();
  notes_ = chosen.notes;
  std::vector<ModelPlace> inDict{chosen.place};
  for (const ModelPlace& place : places)
    if (place.dict == chosen.place.dict && place.prefix != chosen.place.prefix) inDict.push_back(place);
  collect(*chosen.place.dict, inDict);
}

void ForeignCheckpoint::collect(const PthDict& dict, const std::vector<ModelPlace>& places) {
  const std::vector<std::string> all = namesOf(dict, file_.where());
  const bool wholeFile = &dict == file_.root()->as<PthDict>();
  std::vector<std::string> theirs;
  std::vector<const PthTensor*> tensors;
  for (size_t i = 0; i < all.size(); ++i) {
    const PthValue value = dict.items[i].second;
    const auto* tensor = value->as<PthTensor>();
    if (!tensor && wholeFile) continue;  // weights may stand among other things
    if (!tensor)
      throw Error(file_.where(),
                  fmt::format("{}: expected a tensor, got {}", inQuotes(all[i]), describe(value)));
    theirs.push_back(all[i]);
    tensors.push_back(tensor);
  }
  const OfficialNames official = officialNames(theirs, places);
  refuseOtherEncoders(official.names, file_.where());
  program_ = official.program;
  keep(official.names, tensors);
  for (const std::string& note : notesAbout(official)) notes_.push_back(note);
}

void ForeignCheckpoint::keep(const std::vector<std::string>& names,
                             const std::vector<const PthTensor*>& tensors) {
  std::set<std::string> seen;
  std::set<const PthTensor*> used;  // a hostile file could multiply one tensor under many names
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) continue;
    if (!seen.insert(names[i]).second)
      throw Error(file_.where(), fmt::format("{} is there twice", inQuotes(names[i])));
    if (!used.insert(tensors[i]).second)
      throw Error(file_.where(), fmt::format("{} is the same tensor as another", inQuotes(names[i])));
    if (!isDerived(names[i])) tensors_.emplace_back(names[i], tensors[i]);
  }
}

CheckpointInfo ForeignCheckpoint::info(int headDim) const {
  const PthDict& root = *file_.root()->as<PthDict>();  // as stateDictOf has seen
  Shapes shapes;
  for (const auto& [name, tensor] : tensors_) shapes[name] = tensor->shape;
  CheckpointInfo info;
  const auto* config = find<std::string_view>(file_.root(), kConfigKey);
  info.config = config ? fromJson(std::string(*config)) : modelFromShapes(shapes, file_.where(), headDim);
  checkShapes(shapes, info.config, file_.where());
  info.labels = labelsOf(root, static_cast<size_t>(info.config.model.classes));
  if (const PthValue optimizer = find(root, "optimizer")) info.step = officialSteps(file_, optimizer);
  if (const auto* epoch = find<int64_t>(file_.root(), "epoch"))
    info.epoch = static_cast<double>(*epoch) + 1;  // the file counts from 0 and names the last one done
  return info;
}

TensorMap ForeignCheckpoint::weights() const {
  TensorMap weights;
  for (const auto& [name, tensor] : tensors_)
    weights[name] = officialValues(file_.tensor(*tensor), name, program_);
  return weights;
}

TrainerState ForeignCheckpoint::state() const {
  const auto* root = file_.root()->as<PthDict>();
  const PthValue optimizer = find(*root, "optimizer");
  if (averaged_)
    throw Error(file_.where(), "the optimizer belongs to other weights than their average",
                "start from the average with --init instead of --resume");
  const bool numbered = program_ == Program::kOfficial;
  if (!numbered || !optimizer)
    throw Error(file_.where(),
                numbered ? "holds weights but no optimizer state"
                         : fmt::format("is a file of {}, whose optimizer is not read", wordFor(program_)),
                "start from it with --init instead of --resume");
  const Config config = info().config;
  std::map<std::string, Parameter> trainable;
  for (const Parameter& parameter : parameters(config.model, config.run.task))
    if (parameter.trainable) trainable.emplace(parameter.name, parameter);
  std::vector<Parameter> inOrder;
  for (const auto& [name, tensor] : tensors_)
    if (const auto found = trainable.find(name); found != trainable.end()) inOrder.push_back(found->second);
  return {weights(), readOfficialOptimizer(file_, optimizer, inOrder, config)};
}

std::string ForeignCheckpoint::source() const {
  const auto* config = find<std::string_view>(file_.root(), kConfigKey);
  return config ? "mixmim" : wordFor(program_);
}

std::vector<std::string> ForeignCheckpoint::notes() const {
  std::vector<std::string> notes = notes_;
  const std::vector<std::string> names = file_.passedOver();
  if (!names.empty())
    notes.push_back(fmt::format("objects in the file that were not read: {}", fmt::join(names, ", ")));
  return notes;
}

}  // namespace cv::mixmim
