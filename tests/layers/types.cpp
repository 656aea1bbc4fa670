#include "tests/layers/types.hpp"

#include <regex>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cv::mixmim::layers {

namespace {

using Words = std::vector<std::string>;

/// Without comments, texts, characters and the preprocessor's lines: what is left has true braces.
std::string codeOf(const std::string& text) {
  static const std::regex inert(R"re(//[^\n]*|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/|R"\(|"(?:\\.|[^"\\\n])*")re"
                                R"re(|\b[0-9][0-9a-fA-FxX']*|'(?:\\.|[^'\\\n])*'|(?:^|\n)[ \t]*#[^\n]*)re");
  std::string code;
  auto at = text.cbegin();
  for (std::smatch match; std::regex_search(at, text.cend(), match, inert);) {
    code.append(at, match[0].first);
    code += ' ';
    at = match[0].second;
    if (match[0] == "R\"(") at = text.cbegin() + text.find(")\"", at - text.cbegin()) + 2;
  }
  return code.append(at, text.cend());
}

/// Names, with the "::" inside of them, and single signs.
Words wordsOf(const std::string& code) {
  static const std::regex word(R"(\w+(?:\s*::\s*\w+)*|\S)");
  return {std::sregex_token_iterator(code.begin(), code.end(), word), {}};
}

/// The first word behind the bracket that closes the one at `open`.
size_t behind(const Words& words, size_t open, const std::string& opens, const std::string& closes) {
  int depth = 0;
  size_t i = open;
  for (; i < words.size(); ++i) {
    if (words[i] == opens) ++depth;
    if (words[i] == closes && --depth == 0) return i + 1;
  }
  return i;
}

/// What stands before a type's name: "class", "enum class", "template <class T> struct".
size_t firstOfName(const Words& head) {
  static const std::set<std::string> kinds{"class", "struct", "union", "enum"};
  size_t i = 0;
  while (i < head.size() && head[i] == "template") i = behind(head, i + 1, "<", ">");
  const size_t kind = i;
  while (i < head.size() && kinds.count(head[i])) ++i;
  return i == kind ? head.size() : i;
}

/// The name of the type whose definition begins with the words `head`; "" where something else begins.
std::string typeOf(const Words& head) {
  std::string name;
  for (size_t i = firstOfName(head); i < head.size() && head[i] != ":" && head[i] != "final"; ++i) {
    if (head[i] == "alignas" || head[i] == "__attribute__") {
      i = behind(head, i + 1, "(", ")") - 1;
      continue;
    }
    if (!std::regex_match(head[i], std::regex(R"(\w.*)"))) return {};
    name = head[i];
  }
  return name;
}

/// Walks through the braces of a file.
class Scanner {
 public:
  /// The names of the types, in order.
  Words types(const std::string& text) {
    for (const std::string& word : wordsOf(codeOf(text))) take(word);
    return types_;
  }

 private:
  void take(const std::string& word) {
    if (word == "{") open();
    if (word == "}" && !inside_.empty()) inside_.pop_back();
    if (word == "{" || word == "}" || word == ";")
      head_.clear();
    else
      head_.push_back(word);
  }

  void open() {
    const bool isSpace = !head_.empty() && head_[0] == "namespace";
    const std::string type = typeOf(head_);
    if (!type.empty() && isSeen()) types_.push_back(spaceName() + type);
    inside_.push_back(isSpace && head_.size() > 1 ? head_[1] : kUnseen);
  }

  bool isSeen() const {
    for (const std::string& name : inside_)
      if (name == kUnseen) return false;
    return true;
  }

  std::string spaceName() const {
    std::string all;
    for (const std::string& name : inside_) all += name + "::";
    return all;
  }

  static constexpr const char* kUnseen = "";  // an unnamed namespace, a type, a function
  Words head_, inside_, types_;
};

}  // namespace

std::map<std::string, std::set<std::string>> typesOf(const Tree& tree) {
  std::map<std::string, std::set<std::string>> types;
  for (const auto& [file, text] : tree)
    for (const std::string& name : Scanner().types(text)) types[name].insert(file);
  return types;
}

std::vector<std::string> typesDefinedTwice(const Tree& tree) {
  Tree shipped;
  for (const auto& [file, text] : tree)
    if (file.compare(0, 6, "tests/") != 0) shipped[file] = text;
  std::vector<std::string> broken;
  for (const auto& [name, files] : typesOf(shipped))
    if (files.size() > 1 && name.compare(0, 12, "cv::mixmim::") == 0)
      broken.push_back(fmt::format("{}: defined twice, expected one type of a name, got {}", name,
                                   fmt::join(files, " and ")));
  return broken;
}

}  // namespace cv::mixmim::layers
