// Which class a row of scores names, and whether that is right.
#pragma once

namespace cv::mixmim {

/// Where `label` stands among the classes, from 0: the number of others whose score is not clearly smaller.
/// Equal scores stand before it, and so do scores that are no numbers; a label whose own score is none comes
/// last. Nothing but the one largest score puts a class on place 0, so that a model that cannot tell is never
/// right.
int placeOf(const float* scores, int classes, int label);

/// What the model takes a picture of class `label` for: `label` on place 0, else another class, the one with
/// the largest score, of equal ones the lower number. Of pictures without a label (-1), the same among all
/// classes.
int answerOf(const float* scores, int classes, int label = -1);

/// Whether both rows name the same class first, and clearly.
bool answerAlike(const float* one, const float* other, int classes);

}  // namespace cv::mixmim
