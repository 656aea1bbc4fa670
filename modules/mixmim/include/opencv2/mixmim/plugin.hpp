// The binary interface of plugins: one shared library, one exported C function, one table. For plugin authors
// and the loader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include <opencv2/core/cvdef.h>

#include "opencv2/mixmim/answers.hpp"
#include "opencv2/mixmim/train/batch.hpp"
#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// The ABI number of plugins. Raised whenever the table changes, or a function of a class that program and
/// plugin share, or anything of such a class that the sizes below do not show.
inline constexpr uint32_t kPluginAbi = 4;

/// The table that describes a plugin; tableOf() makes one. Returned by the plugin's only exported symbol,
///   extern "C" const PluginTable* mixmimPlugin();
///
/// The sizes are compared when a plugin is loaded, because a new option makes Config longer and shifts the
/// members behind it in a Trainer, and a plugin of an earlier build would read past it.
struct PluginTable {
  uint32_t size;              ///< sizeof(PluginTable) of the plugin's build
  uint32_t abi;               ///< kPluginAbi of the plugin's build
  uint32_t configSize;        ///< sizeof(Config) of the plugin's build
  uint32_t batchSize;         ///< sizeof(Batch) of the plugin's build
  uint32_t answersSize;       ///< sizeof(Answers) of the plugin's build
  uint32_t interfaceSize;     ///< sizeof(Trainer) or sizeof(Network) of the plugin's build
  const char* interfaceName;  ///< Trainer::kInterface or Network::kInterface
  const char* (*describe)();  ///< JSON: {"version": ..., "devices": [...]}; never null, never throws
  /// Creates the object from JSON. On failure returns null and writes the reason, zero-terminated. Never
  /// throws.
  void* (*create)(const char* json, char* error, size_t errorCapacity);
  void (*destroy)(void* object);  ///< the inverse of create
};

/// The type of mixmimPlugin.
using PluginEntry = const PluginTable* (*)();

/// The table of a plugin that creates objects of Interface: Trainer or Network.
template <class Interface>
constexpr PluginTable tableOf(const char* (*describe)(),
                              void* (*create)(const char* json, char* error, size_t errorCapacity),
                              void (*destroy)(void* object)) {
  return {
      sizeof(PluginTable),   kPluginAbi, sizeof(Config), sizeof(Batch), sizeof(Answers), sizeof(Interface),
      Interface::kInterface, describe,   create,         destroy};
}

/// The interface that the loader of a plugin expects its objects to have.
struct PluginInterface {
  const char* name;  ///< Trainer::kInterface or Network::kInterface
  size_t size;       ///< sizeof(Trainer) or sizeof(Network)
};

/// Trainer or Network, as the caller's build knows it.
template <class Interface>
constexpr PluginInterface interfaceOf() {
  return {Interface::kInterface, sizeof(Interface)};
}

/// For PluginTable::create: builds an object and turns every exception into text, because none may leave a C
/// function.
template <class Interface, class Make>
void* createAtBorder(Make&& make, char* error, size_t errorCapacity) noexcept {
  const auto report = [&](const char* text) {
    std::strncpy(error, text, errorCapacity - 1);
    error[errorCapacity - 1] = '\0';
  };
  try {
    std::unique_ptr<Interface> object = make();
    return static_cast<void*>(object.release());
  } catch (const std::exception& e) {
    report(e.what());
  } catch (...) {
    report("unknown exception");
  }
  return nullptr;
}

/// A loaded plugin. Libraries are loaded once and never unloaded (TBB and LibTorch threads outlive any
/// unload).
struct Plugin {
  std::string name;                    ///< of the file, without its ending
  std::string path;                    ///< of its file
  const PluginTable* table = nullptr;  ///< what it exports; lives as long as the process
};

/// Folders searched for plugins, in order: $MIXMIM_PLUGIN_PATH (colon separated), then mixmim/ beside the
/// library opencv_mixmim itself, which holds in the build tree, in the installed tree, and after moving it.
CV_EXPORTS std::vector<std::string> pluginFolders();

/// Loads `nameOrPath` (a name is searched as <name>.so; a word with a slash is a path) and checks ABI number,
/// and the sizes of table, Config, Batch and Answers. Throws Error naming the path and both versions, or the
/// folders searched. Safe from several threads.
CV_EXPORTS const Plugin& loadPlugin(const std::string& nameOrPath);

/// The same, and checks name and size of the interface.
CV_EXPORTS const Plugin& loadPlugin(const std::string& nameOrPath, const PluginInterface& expected);

/// Paths of all plugins found, in search order; nothing is loaded.
CV_EXPORTS std::vector<std::string> findPlugins();

/// Creates an object of a loaded plugin; Error with the plugin's own reason.
CV_EXPORTS std::shared_ptr<void> createObject(const Plugin& plugin, const std::string& json);

}  // namespace cv::mixmim
