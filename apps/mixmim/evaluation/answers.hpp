// Which class a row of scores names, and whether that is right.
#pragma once

namespace cv::mixmim {

/// Where `label` stands among the classes, from 0: the number of others whose score is not clearly smaller.
/// Equal scores and NaN stand before it, and a label whose own score is NaN comes last. Only the one largest
/// score has place 0, because a model that cannot tell must never be right.
int placeOf(const float* scores, int classes, int label);

/// The class that the model takes a picture of class `label` for: `label` if its place is 0, else the other
/// class with the largest score, the lower number among equal ones. Without a label (-1), the same among all
/// classes.
int answerOf(const float* scores, int classes, int label = -1);

/// Whether both rows name the same class first, and clearly.
bool answerAlike(const float* one, const float* other, int classes);

/// The label's probability is above one half.
bool isAnswered(float score);

/// The same for pictures that may have several labels: both rows name the same ones.
bool labelsAlike(const float* one, const float* other, int labels);

}  // namespace cv::mixmim
