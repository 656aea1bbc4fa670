// Numbers sorted into buckets.
#pragma once

#include <cstddef>
#include <numeric>
#include <vector>

namespace cv::mixmim {

/// The numbers from 0 to count by their buckets, and in their own order inside a bucket.
template <class Number, class BucketOf>
std::vector<Number> byBuckets(size_t count, BucketOf bucketOf) {
  std::vector<size_t> buckets(count), places;
  for (size_t i = 0; i < count; ++i) {
    buckets[i] = static_cast<size_t>(bucketOf(static_cast<Number>(i)));
    if (buckets[i] + 1 >= places.size()) places.resize(buckets[i] + 2);
    ++places[buckets[i] + 1];
  }
  std::partial_sum(places.begin(), places.end(), places.begin());
  std::vector<Number> sorted(count);
  for (size_t i = 0; i < count; ++i) sorted[places[buckets[i]]++] = static_cast<Number>(i);
  return sorted;
}

}  // namespace cv::mixmim
