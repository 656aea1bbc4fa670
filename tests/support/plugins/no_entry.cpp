// A shared library that is no plugin.
#include <opencv2/core/cvdef.h>

extern "C" CV_EXPORTS int somethingElse() {
  return 0;
}
