// Standard streams for libraries that bind to their own symbols.
#pragma once

// Note [Own symbols first]
// A plugin's libraries find their own symbols before the program's (RTLD_DEEPBIND), because OpenCV brings the
// reference BLAS into the program on some systems, and LibTorch would compute with that one, ten times slower
// than with its own.
//
// The price is std::cout, std::cerr and std::clog. A program usually has copies of them, and only the copies
// are made ready when it starts. Libraries that bind to their own symbols find the originals in libstdc++
// instead, which are empty memory, and would crash when they print. So the originals are made here, in place,
// by libstdc++'s own layout: a stream that is ready begins with a pointer, one that is not with zeros. They
// print to standard error, because standard output is for results, and live as long as the process, because
// libraries print until its end. An original that is ready is left alone.

namespace cv::mixmim {

/// Makes the originals ready. Before the first plugin is loaded, by one thread.
void readyStreamsOfPlugins();

}  // namespace cv::mixmim
