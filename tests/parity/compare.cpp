#include "tests/parity/compare.hpp"

#include "tests/support/parity_recipe.hpp"

namespace cv::mixmim::parity {

namespace {

double largest(const at::Tensor& tensor) {
  return tensor.abs().max().item<double>();
}

double activationTolerance(const Quantity& quantity, double largestValue) {
  return quantity.tolerances().activation * (1 + largestValue);
}

at::Tensor atHome(const at::Tensor& tensor) {
  return tensor.detach().to(at::kCPU, at::kDouble).contiguous();
}

bool sameShape(Quantity& quantity, const std::string& where, const at::Tensor& got,
               const std::vector<int64_t>& wanted) {
  const bool same = got.sizes() == at::IntArrayRef(wanted);
  if (!same) quantity.addExact(where + " elements, or their order", static_cast<double>(got.numel()), -1);
  return same;
}

}  // namespace

double gradientNormTolerance(const Golden& golden) {
  constexpr double kPublished = 2e-4, kExact = 2e-6;
  return golden.find("config.encoder") ? kExact : kPublished;
}

at::Tensor toTorch(const Tensor& tensor) {
  const auto type = tensor.dtype == DType::kF32   ? at::kFloat
                    : tensor.dtype == DType::kI64 ? at::kLong
                                                  : at::kInt;
  return at::from_blob(const_cast<uchar*>(tensor.bytes.data), tensor.shape, type).clone();
}

at::Tensor imagesOf(const Golden& golden, int step) {
  const int side = golden.at("config.img_size").to_number<int>();
  return toTorch(test::recipeImages(golden.seed(), step, golden.batch(), side))
      .permute({0, 2, 3, 1})
      .contiguous();
}

void compareDescription(Quantity& quantity, const std::string& where, const at::Tensor& got,
                        const json::value& wanted) {
  const double sumTolerance = quantity.tolerances().sum;  // roundings of single elements mostly cancel
  const json::object& about = wanted.as_object();
  const at::Tensor values = atHome(got);
  if (const json::value* shape = about.if_contains("shape")) {
    if (!sameShape(quantity, where, values, json::value_to<std::vector<int64_t>>(*shape))) return;
  } else {
    quantity.lacks(where + " shape");
  }
  const double scale = largest(values), total = values.abs().sum().item<double>();
  quantity.add(where + " sum", values.sum().item<double>(), numberIn(wanted, "sum"), sumTolerance * total,
               total);
  quantity.add(where + " abs_sum", total, numberIn(wanted, "abs_sum"), sumTolerance * total, total);
  const json::value* samples = about.if_contains("samples");
  if (!samples) return quantity.lacks(where + " samples");
  for (const json::value& sample : samples->as_array()) {
    const auto index = sample.at(0).to_number<int64_t>();
    quantity.add(where + cv::format("[%ld]", static_cast<long>(index)),
                 values.flatten()[index].item<double>(), sample.at(1).to_number<double>(),
                 activationTolerance(quantity, scale), scale);
  }
}

void compareEntry(Quantity& quantity, const Golden& golden, const std::string& path, const at::Tensor& got) {
  const json::value* wanted = golden.find(path);
  wanted ? compareDescription(quantity, path, got, *wanted) : quantity.lacks(path);
}

void compareTensor(Quantity& quantity, const std::string& where, const at::Tensor& got,
                   const Tensor& wanted) {
  const at::Tensor values = atHome(got), golden = toTorch(wanted).to(at::kDouble);
  if (!sameShape(quantity, where, values, wanted.shape)) return;
  const double scale = largest(golden);
  const at::Tensor difference = (values - golden).abs().flatten();
  const auto worst = difference.argmax().item<int64_t>();
  quantity.add(
      where + cv::format("[%ld] of %ld", static_cast<long>(worst), static_cast<long>(difference.numel())),
      values.flatten()[worst].item<double>(), golden.flatten()[worst].item<double>(),
      activationTolerance(quantity, scale), scale);
}

void compareRows(Quantity& quantity, const std::string& where, const at::Tensor& got,
                 const json::value& wanted) {
  const at::Tensor values = atHome(got);
  const double tolerance = activationTolerance(quantity, largest(values));
  int64_t row = 0;
  for (const json::value& numbers : wanted.as_array()) {
    const std::vector<double> columns = numbersOf(numbers);
    for (size_t c = 0; c < columns.size(); ++c)
      quantity.add(cv::format("%s[%ld, %zu]", where.c_str(), static_cast<long>(row), c),
                   values[row][static_cast<int64_t>(c)].item<double>(), columns[c], tolerance, 1);
    ++row;
  }
}

}  // namespace cv::mixmim::parity
