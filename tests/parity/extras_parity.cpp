#include <algorithm>
#include <cstdio>

#include "model/plan.hpp"
#include "model/resize_weights.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"
#include "tests/parity/compare.hpp"
#include "tests/parity/parity.hpp"
#include "tests/support/parity_recipe.hpp"

namespace cv::mixmim::parity {

namespace {

/// Two or three integers out of a name; Error where the name has another form.
template <class... Numbers>
void scan(const std::string& name, const char* form, Numbers*... numbers) {
  if (std::sscanf(name.c_str(), form, numbers...) != static_cast<int>(sizeof...(numbers)))
    throw Error("extras.json", cv::format("expected a name of the form %s, got %s", form, name.c_str()));
}

void compareBoth(Quantity& quantity, const Golden& golden, const std::string& tensorName,
                 const at::Tensor& got, const json::value& wanted) {
  compareDescription(quantity, tensorName, got, wanted);
  if (const auto tensor = golden.tensors.find(tensorName); tensor != golden.tensors.end())
    compareTensor(quantity, tensorName, got, tensor->second);
}

at::Tensor indexOf(int window) {
  const cv::Mat index = relativePositionIndex({window, window});
  return at::from_blob(index.data, {index.rows, index.cols}, at::kInt).clone();
}

void checkRecipe(const Golden& golden, Report& report) {
  const json::object& wanted = golden.object("recipe_checks");
  const uint64_t seed = golden.seed();
  Quantity quantity(report, "recipe");
  for (const auto& item : wanted) {
    const std::string key(item.key());
    const std::string name = key.find('\'') == std::string::npos
                                 ? ""
                                 : key.substr(key.find('\'') + 1, key.rfind('\'') - key.find('\'') - 1);
    if (startsWith(key, "fnv1a64(")) {
      quantity.addExact(key,
                        cv::format("0x%016lx", static_cast<unsigned long>(test::fnv1a64(name))) ==
                            item.value().as_string().c_str(),
                        1);
    } else if (startsWith(key, "field(")) {
      const std::vector<double> numbers = numbersOf(item.value());
      const Tensor field = test::field(seed, name, {static_cast<int64_t>(numbers.size())});
      for (size_t i = 0; i < numbers.size(); ++i) quantity.addExact(key, field.as<float>()[i], numbers[i]);
    }  // weights, images and masks are compared where the models are
  }
}

void checkEmbeddings(const Golden& golden, Report& report) {
  const json::object& wanted = golden.object("position_embedding");
  Quantity quantity(report, "position embeddings");
  for (const auto& item : wanted) {
    int dim = 0, grid = 0;
    scan(std::string(item.key()), "dim%d_grid%d", &dim, &grid);
    compareBoth(quantity, golden, "position_embedding." + std::string(item.key()),
                toTorch(positionEmbedding({grid, grid}, dim))[0], item.value());
  }
}

void checkIndices(const Golden& golden, Report& report) {
  const json::object& wanted = golden.object("relative_position_index");
  Quantity quantity(report, "relative position indices");
  for (const auto& item : wanted) {
    int window = 0;
    scan(std::string(item.key()), "window%d", &window);
    compareBoth(quantity, golden, "relative_position_index." + std::string(item.key()), indexOf(window),
                item.value());
  }
}

void checkTables(const Golden& golden, Report& report) {
  const json::object& wanted = golden.object("bias_table");
  Quantity quantity(report, "interpolated bias tables");
  for (const auto& item : wanted) {
    int from = 0, to = 0, heads = 0;
    scan(std::string(item.key()), "%dto%d.heads%d", &from, &to, &heads);
    const Tensor table = test::field(golden.seed(), cv::format("interpolation/table%dx%d", from, heads),
                                     {int64_t{from} * from, heads});
    compareBoth(quantity, golden, "bias_table." + std::string(item.key()),
                toTorch(*resizedWeight(table, {}, {to, to}, {int64_t{to} * to, heads})), item.value());
  }
}

void compareResizedEmbedding(Quantity& quantity, const Golden& golden, const std::string& name,
                             const json::value& wanted) {
  int from = 0, to = 0;
  scan(name.substr(name.rfind('.') + 1), "%dto%d", &from, &to);
  const auto dim = wanted.at("shape").as_array().back().to_number<int64_t>();
  const Tensor embedding = positionEmbedding({from, from}, static_cast<int>(dim));
  compareBoth(quantity, golden, name,
              toTorch(*resizedWeight(embedding, {}, {to, to}, {1, int64_t{to} * to, dim})), wanted);
}

/// Files may list the decoder's embeddings among the encoder's.
void checkResizedEmbeddings(const Golden& golden, Report& report) {
  const json::object& first = golden.object("absolute_pos_embed");
  Quantity quantity(report, "interpolated position embeddings");
  for (const auto& item : first) compareResizedEmbedding(quantity, golden, item.key(), item.value());
  if (const json::value* more = golden.find("decoder_pos_embed"))
    for (const auto& item : more->as_object())
      compareResizedEmbedding(quantity, golden, item.key(), item.value());
}

/// What extras.json holds beside entries of models.
struct Kind {
  std::vector<std::string> keys;
  const char* quantity;
  void (*check)(const Golden& golden, Report& report);

  bool isIn(const Golden& golden) const {
    return std::any_of(keys.begin(), keys.end(), [&](const std::string& key) { return golden.find(key); });
  }
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> list{
      {{"recipe_checks"}, "recipe", checkRecipe},
      {{"position_embedding"}, "position embeddings", checkEmbeddings},
      {{"relative_position_index"}, "relative position indices", checkIndices},
      {{"bias_table"}, "interpolated bias tables", checkTables},
      {{"absolute_pos_embed", "decoder_pos_embed"},
       "interpolated position embeddings",
       checkResizedEmbeddings},
  };
  return list;
}

bool isKnownKey(const std::string& key) {
  return key == "seed" || std::any_of(kinds().begin(), kinds().end(), [&](const Kind& kind) {
           return std::find(kind.keys.begin(), kind.keys.end(), key) != kind.keys.end();
         });
}

/// The models of a set have these entries.
void sayMissingEntries(const Golden& golden, const Models& models, Report& report) {
  for (const std::string& model : models.known)
    for (const char* what : {"384", "192", "small_numbers"}) {
      const std::string name = cv::format("%s.%s", model.c_str(), what);
      if (!golden.text.as_object().contains(name)) report.skipped(name, "the file extras.json has none");
    }
}

}  // namespace

void checkExtras(const Golden& golden, const std::string& folder, const Models& models, Report& report) {
  const bool general =
      std::any_of(kinds().begin(), kinds().end(), [&](const Kind& kind) { return kind.isIn(golden); });
  for (const Kind& kind : kinds())
    if (general) report.part(kind.quantity, [&] { kind.check(golden, report); });
  for (const auto& item : golden.text.as_object()) {
    const std::string name(item.key()), model = name.substr(0, name.rfind('.'));
    if (isKnownKey(name) || models.unknown.count(model) > 0) continue;
    report.part(name, [&] {
      checkModelEntry({name, item.value(), readGolden(folder, model + "_finetune"), golden.seed()}, report);
    });
  }
  sayMissingEntries(golden, models, report);
}

}  // namespace cv::mixmim::parity
