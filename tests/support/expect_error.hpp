// Errors are part of the interface: tests compare their whole text.
#pragma once

#include <gtest/gtest.h>

#include "opencv2/mixmim/error.hpp"

/// Expects that `statement` throws cv::mixmim::Error with exactly this message.
#define MIXMIM_EXPECT_ERROR(statement, message)             \
  do {                                                      \
    try {                                                   \
      (void)(statement);                                    \
      ADD_FAILURE() << "no error, expected: " << (message); \
    } catch (const cv::mixmim::Error& mixmimError) {        \
      EXPECT_STREQ(mixmimError.what(), message);            \
    }                                                       \
  } while (false)
