#include "verbs/verb.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cv::mixmim {

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> list{makeShapesVerb(), checkVerb(),      packVerb(),   pretrainVerb(),
                                      finetuneVerb(),   probeVerb(),      evalVerb(),   exportVerb(),
                                      predictVerb(),    featuresVerb(),   showVerb(),   reportVerb(),
                                      augmentVerb(),    benchVerb(),      configVerb(), infoVerb(),
                                      modelsVerb(),     completionVerb(), helpVerb()};
  return list;
}

const Verb& verbNamed(const std::string& name) {
  static const Verb own = trainerScoresVerb();
  if (name == own.name) return own;
  const auto isNamed = [&](const Verb& verb) { return verb.name == name; };
  const auto found = std::find_if(verbs().begin(), verbs().end(), isNamed);
  if (found != verbs().end()) return *found;
  std::vector<std::string> names;
  for (const Verb& verb : verbs()) names.push_back(verb.name);
  const std::string nearest = nearestName(name, names);
  throw UsageError(fmt::format(
      "unknown verb '{}'; {}", name,
      nearest.empty() ? "`mixmim --help` lists all verbs" : fmt::format("did you mean '{}'?", nearest)));
}

}  // namespace cv::mixmim
