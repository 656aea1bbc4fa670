// Field numbers of ONNX's messages (onnx.proto), those that this library writes or reads.
#pragma once

namespace cv::mixmim::onnx {

namespace model {
constexpr int kIrVersion = 1, kProducerName = 2, kProducerVersion = 3, kDescription = 6, kGraph = 7,
              kOpsetImport = 8, kMetadata = 14;
}
namespace opset {
constexpr int kDomain = 1, kVersion = 2;
}
namespace entry {  // of metadata_props
constexpr int kKey = 1, kValue = 2;
}
namespace graph {
constexpr int kNode = 1, kName = 2, kInitializer = 5, kInput = 11, kOutput = 12;
}
namespace node {
constexpr int kInput = 1, kOutput = 2, kName = 3, kOperator = 4, kAttribute = 5;
}
namespace attribute {
constexpr int kName = 1, kFloat = 2, kInt = 3, kInts = 8, kType = 20;
constexpr int kTypeFloat = 1, kTypeInt = 2, kTypeInts = 7;
}  // namespace attribute
namespace tensor {
constexpr int kDims = 1, kDataType = 2, kName = 8, kRawData = 9, kDocString = 12;
constexpr int kTypeFloat = 1, kTypeInt64 = 7, kTypeFloat16 = 10;
}  // namespace tensor
namespace value {  // ValueInfoProto, TypeProto, TypeProto.Tensor, TensorShapeProto, Dimension
constexpr int kName = 1, kType = 2, kTensorType = 1, kElementType = 1, kShape = 2, kDimension = 1, kSize = 1,
              kSymbol = 2;
}

}  // namespace cv::mixmim::onnx
