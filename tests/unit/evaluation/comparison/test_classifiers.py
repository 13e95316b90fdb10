from ganaug.evaluation.comparison.classifiers import make_classifier
from ganaug.evaluation.comparison.compare import compare

QUICK = {"samplers": {"GANOverSampler": None}, "repeats": 1, "random_state": 0}


def test_a_frame_of_every_kind_of_column_is_compared(mixed_frame):
    frame, target = mixed_frame
    model = make_classifier(frame, "logistic")
    found = compare(model, frame, target, cv=2, **QUICK)
    assert found.table.index.tolist()[:3] == ["nothing", "moved threshold", "class weights"]
    assert "SMOTE" in found.table.index
    assert found.model.fit(frame, target).predict(frame).shape == (len(frame),)
