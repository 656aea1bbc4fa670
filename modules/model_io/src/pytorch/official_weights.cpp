#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "files/text.hpp"
#include "model_io/pytorch/foreign_checkpoint.hpp"
#include "opencv2/mixmim/error.hpp"
#include "pytorch/encoder_family.hpp"
#include "pytorch/foreign_names.hpp"

namespace cv::mixmim {

namespace {

/// The names of a file under ours, and what people should know of it.
struct Reading {
  OfficialNames official;
  std::vector<std::string> notes;
};

Reading readingOf(const TensorMap& theirs, const std::string& where, const std::string& key) {
  const std::vector<std::string> names = namesOf(theirs);
  std::vector<std::string> plain;
  for (const std::string& name : names) plain.push_back(withoutCompilers(name));
  std::vector<ModelPlace> places = placesAmong(plain);
  Reading reading;
  if (!places.empty()) {
    const ChosenPlace chosen = choosePlace(places, key, where);
    reading.notes = chosen.notes;
    const auto isChosen = [&](const ModelPlace& place) { return place.prefix == chosen.place.prefix; };
    std::iter_swap(places.begin(), std::find_if(places.begin(), places.end(), isChosen));
  }
  reading.official = officialNames(names, places);
  refuseOtherEncoders(reading.official.names, where);
  if (places.empty()) failWithoutWeights(names, where);
  for (const std::string& note : notesAbout(reading.official)) reading.notes.push_back(note);
  return reading;
}

/// What `valueOf` makes of each tensor that belongs to a model, under our names.
template <class Value, class ValueOf>
std::map<std::string, Value> underOfficialNames(const TensorMap& theirs, const std::string& where,
                                                const std::string& key, const ValueOf& valueOf) {
  const OfficialNames official = readingOf(theirs, where, key).official;
  std::map<std::string, Value> ours;
  auto name = official.names.begin();
  for (const auto& entry : theirs) {
    const std::string& ourName = *name++;
    if (ourName.empty() || isDerived(ourName)) continue;
    if (!ours.emplace(ourName, valueOf(entry.second, ourName, official.program)).second)
      throw Error(where, fmt::format("{} is there twice", inQuotes(ourName)));
  }
  return ours;
}

}  // namespace

TensorMap officialWeights(const TensorMap& theirs, const std::string& where, const std::string& key) {
  return underOfficialNames<Tensor>(theirs, where, key, officialValues);
}

std::map<std::string, std::vector<int64_t>> officialShapes(const TensorMap& theirs, const std::string& where,
                                                           const std::string& key) {
  return underOfficialNames<std::vector<int64_t>>(
      theirs, where, key, [](const Tensor& tensor, const std::string&, Program) { return tensor.shape; });
}

std::string sourceOf(const TensorMap& theirs, const std::string& where, const std::string& key) {
  return wordFor(readingOf(theirs, where, key).official.program);
}

std::vector<std::string> notesAbout(const TensorMap& theirs, const std::string& where,
                                    const std::string& key) {
  return readingOf(theirs, where, key).notes;
}

}  // namespace cv::mixmim
