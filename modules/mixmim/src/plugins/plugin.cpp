#include "opencv2/mixmim/plugin.hpp"

#include <algorithm>
#include <boost/dll/runtime_symbol_info.hpp>
#include <boost/dll/shared_library.hpp>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"
#include "plugins/plugin_streams.hpp"

namespace cv::mixmim {

namespace fs = std::filesystem;

std::vector<std::string> pluginFolders() {
  std::vector<std::string> folders;
  if (const char* listed = std::getenv("MIXMIM_PLUGIN_PATH")) {
    const std::string text = listed;
    for (size_t begin = 0; begin <= text.size();) {
      const size_t end = std::min(text.find(':', begin), text.size());
      if (end > begin) folders.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  const fs::path self = boost::dll::this_line_location().string();
  folders.push_back((fs::weakly_canonical(self).parent_path() / MIXMIM_PLUGIN_SUBDIR).string());
  return folders;
}

std::vector<std::string> findPlugins() {
  std::vector<std::string> found;
  for (const std::string& folder : pluginFolders()) {
    std::error_code ignored;  // a folder that is not there holds no plugins
    std::vector<std::string> here;
    for (const auto& entry : fs::directory_iterator(folder, ignored))
      if (entry.path().extension() == ".so") here.push_back(entry.path().string());
    std::sort(here.begin(), here.end());
    found.insert(found.end(), here.begin(), here.end());
  }
  return found;
}

namespace {

std::string locate(const std::string& nameOrPath) {
  if (nameOrPath.find('/') != std::string::npos) {
    if (!fs::exists(nameOrPath)) throw Error(nameOrPath, "there is no such plugin file");
    return nameOrPath;
  }
  const std::vector<std::string> folders = pluginFolders();
  for (const std::string& folder : folders) {
    const fs::path candidate = fs::path(folder) / (nameOrPath + ".so");
    if (fs::exists(candidate)) return candidate.string();
  }
  throw Error("plugin " + nameOrPath,
              fmt::format("{}.so was not found in {}", nameOrPath, fmt::join(folders, ", ")),
              "install it there, or name its folder in MIXMIM_PLUGIN_PATH");
}

// Note [Own symbols first] in plugin_streams.hpp. Sanitizers do not allow such loading, and need no speed.
#if defined(__has_feature)  // Clang
#define MIXMIM_HAS_FEATURE(name) __has_feature(name)
#else
#define MIXMIM_HAS_FEATURE(name) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || MIXMIM_HAS_FEATURE(address_sanitizer)
constexpr auto kLoadMode = boost::dll::load_mode::rtld_now;
#else
constexpr auto kLoadMode = boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_deepbind;
#endif

/// The dynamic linker's message, which Boost puts in the middle of a longer text.
std::string reasonOf(const std::exception& e) {
  const std::string text = e.what(), before = "dlerror system message: ";
  const size_t start = text.find(before), end = text.rfind("): ");
  if (start == std::string::npos || end == std::string::npos || end < start) return text;
  return text.substr(start + before.size(), end - start - before.size());
}

constexpr const char* kSameBuild = "build the plugin and the program from the same version of MixMIM";

/// LibTorch is not installed with the training plugin, because it is too large for a package. A plugin of
/// another build may need classes of ours that the library does not have, and is then refused by the dynamic
/// linker, before its numbers can be compared.
std::string hintOn(const std::string& reason, const std::string& path) {
  const bool libtorch = startsWith(reason, "libtorch") || startsWith(reason, "libc10");
  if (libtorch)
    return fmt::format(
        "LibTorch is looked for in {}/libtorch/torch/lib: mixmim-fetch-libtorch brings it there, or make "
        "libtorch/torch a link to your own",
        fs::path(path).parent_path().string());
  const size_t symbol = reason.find("undefined symbol: ");
  const bool ours = symbol != std::string::npos && reason.find("2cv6mixmim", symbol) != std::string::npos;
  return ours ? kSameBuild : "";
}

const PluginTable* readTable(const std::string& path) {
  try {
    static auto* const libraries = [] {
      readyStreamsOfPlugins();
      return new std::vector<boost::dll::shared_library>;  // never destroyed, nothing unloaded
    }();
    const auto& library = libraries->emplace_back(fs::absolute(path).string(), kLoadMode);
    if (!library.has("mixmimPlugin"))
      throw Error(path, "is not a MixMIM plugin, it has no symbol mixmimPlugin");
    return library.get<const PluginTable*()>("mixmimPlugin")();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& e) {
    const std::string reason = reasonOf(e);
    throw Error(path, fmt::format("the plugin cannot be loaded: {}", reason), hintOn(reason, path));
  }
}

void requireSize(const std::string& path, const std::string& what, size_t expected, uint32_t got) {
  if (got != expected)
    throw Error(path, fmt::format("expected {} of {} bytes, got {}", what, expected, got), kSameBuild);
}

/// Size and ABI number come first in every version of the table, so they may be read before they are trusted.
void requireAbi(const std::string& path, const PluginTable* table) {
  if (!table) throw Error(path, "the plugin gives no table", kSameBuild);
  if (table->abi != kPluginAbi)
    throw Error(path, fmt::format("expected plugin ABI {}, got {}", kPluginAbi, table->abi), kSameBuild);
  requireSize(path, "a plugin table", sizeof(PluginTable), table->size);
  requireSize(path, "a Config", sizeof(Config), table->configSize);
  requireSize(path, "a Batch", sizeof(Batch), table->batchSize);
  requireSize(path, "Answers", sizeof(Answers), table->answersSize);
}

Plugin load(const std::string& nameOrPath) {
  const std::string path = locate(nameOrPath);
  const PluginTable* table = readTable(path);
  requireAbi(path, table);
  return {fs::path(path).stem().string(), path, table};
}

}  // namespace

const Plugin& loadPlugin(const std::string& nameOrPath) {
  static std::mutex mutex;
  static std::map<std::string, Plugin> loaded;  // node-based: references stay valid
  const std::lock_guard<std::mutex> lock(mutex);
  auto found = loaded.find(nameOrPath);
  if (found == loaded.end()) found = loaded.emplace(nameOrPath, load(nameOrPath)).first;
  return found->second;
}

const Plugin& loadPlugin(const std::string& nameOrPath, const PluginInterface& expected) {
  const Plugin& plugin = loadPlugin(nameOrPath);
  if (std::strcmp(plugin.table->interfaceName, expected.name) != 0)
    throw Error(plugin.path, fmt::format("expected a plugin with the interface {}, got {}", expected.name,
                                         plugin.table->interfaceName));
  requireSize(plugin.path, "an object of " + std::string(expected.name), expected.size,
              plugin.table->interfaceSize);
  return plugin;
}

std::shared_ptr<void> createObject(const Plugin& plugin, const std::string& json) {
  char reason[4096] = "";
  void* object = plugin.table->create(json.c_str(), reason, sizeof(reason));
  if (!object && !*reason) throw Error(plugin.path, "the plugin creates nothing and gives no reason");
  if (!object) throw Error(reason);  // the reason already has the form where: what; hint
  return std::shared_ptr<void>(object, plugin.table->destroy);
}

}  // namespace cv::mixmim
