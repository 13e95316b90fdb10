"""Over-sample the rare classes of a table of texts, and compare with what needs no new texts.

python example.py FILE.csv [COLUMN [TARGET]]
"""

import sys
from pathlib import Path

import ganaug
import numpy as np
from ganaug.data.readers import read
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline


def main() -> None:
    """Print macro-F1 in three ways, and some new texts."""
    path, column, target = [*sys.argv[1:], None, None][:3]
    data = read(Path(path), kind="text", column=column, target=target)
    y = np.asarray(data.y)
    X, X_test, y, y_test = train_test_split(data.X.tolist(), y, stratify=y, random_state=0)
    sampler = ganaug.GANOverSampler(kind="text", random_state=0)
    X_new, y_new = sampler.fit_resample(X, y)
    print(sampler.judgement_)
    ways = {"as it is": (X, y, None), "class weights": (X, y, "balanced"), "over-sampled": (X_new, y_new, None)}
    for name, (texts, labels, weights) in ways.items():
        tfidf = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
        model = make_pipeline(tfidf, LogisticRegression(C=10, max_iter=500, class_weight=weights)).fit(texts, labels)
        print(f"{name}: macro-F1 {f1_score(y_test, model.predict(X_test), average='macro'):.3f}")
    for text, label in list(zip(X_new, y_new, strict=True))[len(X) :][:10]:
        print(f"{label}: {text}")


if __name__ == "__main__":
    main()
