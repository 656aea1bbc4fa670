#include "pytorch/model_places.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include <fmt/format.h>

#include "files/text.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"

namespace cv::mixmim {

namespace {

/// The first embedding of each family.
constexpr std::string_view kEncoderStarts[] = {"patch_embed.", "patch_embed1.", "patch_embeds.0."};

/// The parts of a text between `separator`s.
std::vector<std::string> parts(const std::string& text, char separator) {
  std::vector<std::string> list(1);
  for (const char c : text) {
    if (c == separator)
      list.emplace_back();
    else
      list.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return list;
}

template <class List>
bool isOneOf(const std::string& word, const List& words) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

std::string withoutDot(const std::string& prefix) {
  return prefix.substr(0, prefix.size() - std::min<size_t>(1, prefix.size()));
}

/// "teacher.backbone" of "teacher.backbone.", "" of wrappers that say nothing.
std::string titleOf(const std::string& prefix) {
  constexpr const char* kEveryWrapper[] = {"module", "model", "backbone", "encoder", ""};
  const std::vector<std::string> words = parts(prefix, '.');
  const bool plain = std::all_of(words.begin(), words.end(),
                                 [&](const std::string& word) { return isOneOf(word, kEveryWrapper); });
  return plain ? "" : withoutDot(prefix);
}

std::string joined(const std::string& a, const std::string& b) {
  return a.empty() || b.empty() ? a + b : a + '.' + b;
}

/// Walks dictionaries to a small depth, each once, because a hostile file can nest them without end.
class Finder {
 public:
  std::vector<ModelPlace> placesIn(PthValue root) {
    visit(root, "", 0);
    return std::move(places_);
  }

 private:
  void visit(PthValue value, const std::string& title, int depth) {
    constexpr int kDeepest = 4;
    const auto* dict = value->as<PthDict>();
    if (!dict || depth > kDeepest || !seen_.insert(dict).second) return;
    std::vector<std::string> tensors;
    for (const auto& [key, item] : dict->items) {
      const auto* name = key->as<std::string_view>();
      if (!name) continue;
      if (item->as<PthTensor>()) tensors.push_back(withoutCompilers(std::string(*name)));
      if (*name != "optimizer") visit(item, joined(title, std::string(*name)), depth + 1);
    }
    for (ModelPlace& place : placesAmong(tensors)) {
      place.title = joined(title, place.title);
      place.dict = dict;
      places_.push_back(std::move(place));
    }
  }

  std::set<const PthDict*> seen_;
  std::vector<ModelPlace> places_;
};

/// Whether the parts of `key` follow each other in the title.
bool hasParts(const std::string& title, const std::string& key) {
  return ('.' + title + '.').find('.' + key + '.') != std::string::npos;
}

std::string titles(const std::vector<ModelPlace>& places) {
  std::vector<std::string> texts;
  for (const ModelPlace& place : places) texts.push_back(place.title.empty() ? "''" : inQuotes(place.title));
  return firstFew(texts);
}

/// The places that `wanted` takes; all, where it takes none.
template <class Wanted>
std::vector<ModelPlace> narrowed(const std::vector<ModelPlace>& places, const Wanted& wanted) {
  std::vector<ModelPlace> some;
  std::copy_if(places.begin(), places.end(), std::back_inserter(some), wanted);
  return some.empty() ? places : some;
}

std::vector<ModelPlace> candidates(const std::vector<ModelPlace>& places, const std::string& key,
                                   const std::string& where) {
  if (!key.empty()) {
    const auto isWanted = [&](const ModelPlace& place) { return hasParts(place.title, key); };
    if (std::none_of(places.begin(), places.end(), isWanted))
      throw Error(where,
                  fmt::format("expected the weights of one of {}, got {}", titles(places), inQuotes(key)));
    const auto isExactly = [&](const ModelPlace& place) { return place.title == key; };
    return narrowed(narrowed(places, isWanted), isExactly);
  }
  std::vector<ModelPlace> left =
      narrowed(places, [](const ModelPlace& place) { return !place.isAveraged(); });
  for (const char* usual : {"", "model", "state_dict"}) {
    const std::vector<ModelPlace> some =
        narrowed(left, [&](const ModelPlace& place) { return place.title == usual; });
    if (some.size() == 1) return some;
  }
  return left;
}

}  // namespace

bool ModelPlace::isAveraged() const {
  constexpr const char* kAverages[] = {"ema", "swa", "avg", "average", "averaged", "teacher", "momentum"};
  const std::vector<std::string> words = parts(title, '.');
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    const std::vector<std::string> pieces = parts(word, '_');
    return std::any_of(pieces.begin(), pieces.end(),
                       [&](const std::string& piece) { return isOneOf(piece, kAverages); });
  });
}

std::string withoutCompilers(std::string name) {
  for (const std::string_view part : {"_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module."})
    for (size_t at = 0; (at = name.find(part, at)) != std::string::npos;) {
      if (at == 0 || name[at - 1] == '.')
        name.erase(at, part.size());
      else
        at += part.size();
    }
  return name;
}

std::vector<ModelPlace> placesAmong(const std::vector<std::string>& names) {
  std::set<std::string> prefixes;
  for (const std::string& name : names)
    for (const std::string_view start : kEncoderStarts) {
      const size_t at = name.find(start);
      if (at != std::string::npos && (at == 0 || name[at - 1] == '.')) prefixes.insert(name.substr(0, at));
    }
  std::vector<ModelPlace> places;
  for (const std::string& prefix : prefixes)
    places.push_back({prefixes.size() == 1 ? titleOf(prefix) : withoutDot(prefix), prefix, nullptr});
  return places;
}

std::vector<ModelPlace> placesIn(PthValue root) {
  return Finder().placesIn(root);
}

ChosenPlace choosePlace(const std::vector<ModelPlace>& places, const std::string& key,
                        const std::string& where) {
  const std::vector<ModelPlace> left = candidates(places, key, where);
  if (left.size() > 1)
    throw Error(where, fmt::format("holds several models: {}", titles(left)),
                fmt::format("'{}:NAME' takes one of them", where));
  ChosenPlace chosen{left.front(), {}};
  const ModelPlace& place = chosen.place;
  if (place.isAveraged())
    chosen.notes.push_back(
        fmt::format("the weights of {}, an average over training, are used", inQuotes(place.title)));
  std::vector<ModelPlace> others;
  for (const ModelPlace& other : places)
    if (other.title != place.title) others.push_back(other);
  if (!others.empty())
    chosen.notes.push_back(
        fmt::format("also holds {}, which is not used; '{}:NAME' takes it", titles(others), where));
  return chosen;
}

}  // namespace cv::mixmim
