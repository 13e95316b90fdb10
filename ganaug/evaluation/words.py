"""What the report says in words."""

QUESTIONS = {
    "fidelity": "Does it look real?",
    "utility": "Does it help my model?",
    "privacy": "Did it copy my data?",
}
MARKS = {
    "good": ("✓", "good"),
    "doubtful": ("≈", "doubtful"),
    "bad": ("✕", "bad"),
    "cannot be judged": ("?", "open"),
}  # a sign, and the name of its style
ADVICE = {
    "fidelity": {
        "good": "Use them.",
        "doubtful": "More steps or more data may help; ganaug evaluate names the worst class and column.",
        "bad": "Train longer, give more data, or use a smaller share of them.",
        "cannot be judged": "Give more real samples to compare with.",
    },
    "utility": {
        "good": "Add them to your training data.",
        "doubtful": "Leave them out: simpler means do as well, and ganaug compare finds the simplest.",
        "bad": "Leave them out.",
        "cannot be judged": "Hold out more samples of the rare classes.",
    },
    "privacy": {
        "good": "That is no guarantee: it is not differential privacy.",
        "doubtful": "Do not publish them; fewer steps or more data keep a model from learning by heart.",
        "bad": "Do not publish them; train with fewer steps or more data, and draw from the GAN alone.",
        "cannot be judged": "Hold out more real samples, and none that nearly equal others.",
    },
}  # what to do, by question and grade
GLOSSARY = {
    "Fréchet distance": "Distance between the two distributions of features, as if both were normal.",
    "KID": "Distance between the two distributions of features by a polynomial kernel.",
    "Inception score": "How sure a classifier is of each sample, and how many classes it sees in all.",
    "agreement": "Share of synthetic samples that a classifier of the real data calls by the class that was asked for.",
    "precision": "Share of synthetic samples that lie where real ones do.",
    "recall": "Share of real samples that lie where synthetic ones do.",
    "density": "In how many real neighbourhoods a synthetic sample lies, over what is expected; about 1 for real ones.",
    "coverage": "Share of real samples with a synthetic one in their neighbourhood: diversity.",
    "total variation": "Largest difference of probabilities between two categorical columns, 0 to 1; mean of columns.",
    "Kolmogorov-Smirnov": "Largest difference between two cumulative distributions, 0 to 1; mean of columns.",
    "Wasserstein": "How far values have to be moved to match, in standard deviations; mean of columns.",
    "correlation difference": "Mean difference of correlations between pairs of columns.",
    "mutual information difference": "Mean difference of mutual information between pairs of columns.",
    "C2ST AUC": "How well a classifier tells synthetic from real samples: 0.5 not at all, 1 always.",
    "distance ratio": "Median distance to the nearest training sample, over that of held-out samples; under 1: nearer.",
    "exact duplicates": "Share of samples that equal a training sample.",
    "near duplicates": "Share of samples far nearer to a training sample than that to its own neighbour, in any form.",
    "adversarial accuracy": "How often the nearest sample is of its own kind: 0.5 if they are alike, less if copied.",
    "privacy loss": "How much more alike the synthetic samples are to training than to held-out samples; 0: no loss.",
    "membership AUC": "How well an attack tells training samples from others by the synthetic ones: 0.5 not at all.",
}
_LONGEST = 40


def shortened(text: object, most: int = _LONGEST) -> str:
    """Return text on one line that prints, cut in the middle of what is too long."""
    printable = "".join(letter if letter.isprintable() else " " for letter in str(text)).strip() or "(no name)"
    half = (most - 1) // 2
    return printable if len(printable) <= most else f"{printable[:half]}…{printable[-half:]}"
