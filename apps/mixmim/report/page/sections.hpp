// The parts of the page, in its order. Each gives "" where the runs have nothing for it.
#pragma once

#include <string>
#include <vector>

#include "report/records/run_record.hpp"

namespace cv::mixmim::report {

using Runs = std::vector<RunRecord>;

std::string overview(const Runs& runs);         ///< the numbers to know first
std::string curves(const Runs& runs);           ///< loss, accuracy, rates, speed over steps
std::string reconstructions(Runs& runs);        ///< sheets of pretraining
std::string accuracyByClass(const Runs& runs);  ///< confusion matrix, or its largest entries
std::string mistakes(Runs& runs);               ///< pictures with wrong answers
std::string badFiles(const Runs& runs);         ///< what could not be read
std::string settings(const Runs& runs);         ///< what differs, and all of them
std::string reproduction(const Runs& runs);     ///< commands, machine, versions
std::string notes(const Runs& runs);            ///< what of the folders could not be used

/// "<h3>" with the run's name where there are several, else "".
std::string runHeading(const Runs& runs, size_t index);

}  // namespace cv::mixmim::report
