// The classes of a data set as those of a model. They are matched by name; where one side has numbers instead
// of names, by position; and where neither fits, by a file that says which is which.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "data_pipeline/source.hpp"
#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// Name or number of a class of the data -> name or number of a class of the model.
using ClassMap = std::map<std::string, std::string>;

/// Reads lines "data,model" with quotes where a name has a comma. Throws Error for any other line, and for
/// one side that is there twice. "": nothing.
ClassMap readClassMap(const std::string& path);

/// The classes of a model, and what they are called.
struct ModelClasses {
  std::vector<std::string> labels;  ///< one per class; numbers where nobody named them
  bool renamed = false;             ///< the names were given at export, so that training may have had others
  Labelling labelling = Labelling::kOne;  ///< whether it tells one class or several labels
};

/// "0", "1", ...: the names of classes that have no other.
std::vector<std::string> numberedClasses(int classes);

/// Which class of the model each class of the data is.
struct ClassMatch {
  std::vector<int> classes;  ///< one per class of the data
  std::string note;          ///< for people; "" where both lists are the same
};

/// Throws Error, with `where`, for classes of the data that the model does not have; they are named.
ClassMatch matchClasses(const std::string& where, const std::vector<std::string>& data,
                        const ModelClasses& model, const ClassMap& map = {});

/// The data set with the classes of the model, in whose order its labels then count. Says on stderr where
/// they are not the same. Throws Error as matchClasses does, and for pictures with several labels where the
/// model tells one class.
std::shared_ptr<const Source> withClassesOf(const ModelClasses& model, std::shared_ptr<const Source> data,
                                            const std::string& where, const ClassMap& map = {});

}  // namespace cv::mixmim
