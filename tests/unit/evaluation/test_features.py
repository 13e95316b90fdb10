import numpy as np

from ganaug.data.kind import kind_named


def test_the_network_of_images_has_not_learnt_what_is_compared(digit_images, monkeypatch):
    from ganaug.evaluation import features

    images, labels = digit_images
    x = (images[:, None] / 127.5 - 1).astype(np.float32)
    learnt = []
    fit = features.fit_classifier
    monkeypatch.setattr(features, "_STEPS", 2)
    monkeypatch.setattr(
        features, "fit_classifier", lambda x, c, *args, **kw: learnt.append(c) or fit(x, c, *args, **kw)
    )
    _, unseen = features.Features.fit(x, labels, (), kind_named("image"), network=None, seed=0)
    assert np.bincount(learnt[0]).tolist() == [30, 15] and np.bincount(labels[unseen]).tolist() == [30, 15]
    assert not set(unseen) & set(np.r_[np.arange(0, 60, 2), np.arange(60, 90, 2)])
