import json
import warnings

import ganaug
import numpy as np
import pandas as pd
import pytest
from ganaug.cli.app import app
from ganaug.core.errors import ConfigError, SchemaError
from ganaug.data.encoded import encode
from ganaug.data.readers import read
from ganaug.evaluation.privacy.leakage import RepeatedSamplesWarning
from ganaug.evaluation.samples import Samples
from typer.testing import CliRunner

from ganaug_text import metrics
from ganaug_text.autoencoder import Autoencoder
from ganaug_text.classifier import TextClassifier, count_ngrams
from ganaug_text.codec import TextCodec
from ganaug_text.sources import Critic
from ganaug_text.tokens import join, split

SOURCES = ["text-edits", "span-mix", "ngrams"]
WHO = ["the mayor", "a doctor", "the old painter", "this singer", "a pilot", "the queen"]
DID = ["wrote the first book", "won the last race", "built a house", "found the river", "sold the farm"]
WHERE = ["in Rome", "near the coast", "on the island", "at school", "by the lake", "in May"]


def made_up(n, seed=0):
    """Questions of two classes: who did something, and how many there are."""
    rng = np.random.default_rng(seed)
    pick = lambda words: words[rng.integers(len(words))]  # noqa: E731
    who = [f"Who is {pick(WHO)} that {pick(DID)} {pick(WHERE)} ?" for _ in range(3 * n)]
    many = [f"How many of {pick(WHO)}'s friends {pick(DID)} {pick(WHERE)} ?" for _ in range(n)]
    return who + many, np.repeat(["person", "number"], [3 * n, n])


@pytest.fixture(scope="module")
def data():
    return made_up(30)


# --- words


@pytest.mark.parametrize(
    "text", ["Who's there?", "a-b (c), 3.5 % …", "Ünï — «quoted»", "  two\n lines\t", "?!", "don’t"]
)
def test_texts_come_back_from_their_words(text):
    assert join(split(text)) == " ".join(text.split())


@pytest.mark.parametrize(
    "contain",
    [
        list,
        np.array,
        lambda X: np.array(X, dtype=object),
        lambda X: pd.Series(X, name="question"),
        lambda X: pd.DataFrame({"question": X}),
    ],
)
def test_every_container_comes_back(data, contain):
    X = contain(data[0])
    codec = TextCodec.fit(X)
    again = codec.decode(codec.encode(X), None)
    assert type(again) is type(X) and np.asarray(again).ravel().tolist() == data[0]
    if isinstance(X, pd.Series):
        assert again.name == "question" and again.dtype == X.dtype


def test_unknown_words_become_an_ellipsis(data):
    codec = TextCodec.fit(data[0])
    assert codec.decode(codec.encode(["Who is the zebra ?"]), None) == ["Who is the … ?"]


@pytest.mark.parametrize(
    ("X", "said"),
    [
        ([1, 2], "2 of 2 are no text, such as 1"),
        (["a", None], "1 of 2 are no text"),
        (["a", "  "], "1 texts are empty"),
        ([], "there is none"),
        (np.zeros((3, 2)), "no text"),
        (pd.DataFrame({"a": ["x"], "b": ["y"]}), "expected one column"),
    ],
)
def test_what_is_no_text_is_refused(X, said):
    with pytest.raises(SchemaError, match=said):
        TextCodec.fit(X)


# --- sources


@pytest.mark.parametrize("name", SOURCES)
def test_new_texts_are_readable_new_and_of_the_class(data, name):
    X, y = data
    sampler = ganaug.GANOverSampler(kind="text", sources={name: 1}, random_state=0)
    X_new, y_new = sampler.fit_resample(X, y)
    made = X_new[len(X) :]
    assert X_new[: len(X)] == X and (y_new[len(X) :] == "number").all() and len(made) == 60
    assert np.mean([text in X for text in made]) < 0.4  # what is missing is repeated
    words = {word for text in X for word in split(text)}
    assert all(set(split(text)) <= words for text in made)
    assert np.mean([text.startswith("How many") or "friends" in text for text in made]) > 0.8
    again, _ = ganaug.GANOverSampler(kind="text", sources={name: 1}, random_state=0).fit_resample(X, y)
    assert again == X_new


@pytest.mark.parametrize("contain", [np.array, pd.Series, lambda X: pd.DataFrame({"text": X})])
def test_the_sampler_gives_the_container_back(data, contain):
    X = contain(data[0])
    X_new, y_new = ganaug.GANOverSampler(kind="text", sources={"span-mix": 1}, random_state=0).fit_resample(X, data[1])
    assert type(X_new) is type(X) and len(X_new) == len(y_new) == 180


def test_the_judge_chooses_among_all_sources(data):
    sampler = ganaug.GANOverSampler(kind="text", config={"max_steps": 4}, random_state=0)
    X_new, _ = sampler.fit_resample(*data)
    tried = {name for trial in sampler.judgement_.trials for name in trial.shares}
    assert tried >= {*SOURCES, "latent-gan"} and len(X_new) == 180


def test_sources_of_numbers_and_the_plain_gan_are_refused(data):
    with pytest.raises(SchemaError, match="what lies between two texts is none"):
        ganaug.GANOverSampler(kind="text", sources={"interpolation": 1}).fit_resample(*data)
    with pytest.raises(ConfigError, match="latent-gan"):
        ganaug.GANOverSampler(kind="text", sources={"gan": 1}).fit_resample(*data)


def test_the_critic_refuses_copies_and_other_classes(data):
    encoded = encode(*data, kind="text", quality="oversampling")
    ids = encoded.x.astype(np.int64)
    critic = Critic(ids, encoded.c)
    number = int(encoded.classes.index(["number"])[0])
    assert not critic.accepts(ids, number).any()
    fresh = encoded.codec.encode(made_up(20, seed=7)[0]).astype(np.int64)
    new = ~np.array([any((row == ids).all(1)) for row in fresh])
    good = critic.accepts(fresh, number)
    assert good[60:][new[60:]].mean() > 0.6 and not good[:60].any()


def test_ngrams_follow_the_words_of_the_class(data):
    made = ganaug.GANOverSampler(kind="text", sources={"ngrams": 1}, random_state=0).fit_resample(*data)[0][120:]
    pairs = {pair for text in data[0] for pair in zip(split(text), split(text)[1:], strict=False)}
    found = [pair for text in made for pair in zip(split(text), split(text)[1:], strict=False)]
    assert np.mean([pair in pairs for pair in found]) > 0.95


# --- the autoencoder and the GAN


def test_the_autoencoder_writes_what_it_read():
    X, _ = made_up(40)
    codec = TextCodec.fit(X)
    ids = codec.encode(X).astype(np.int64)
    model = Autoencoder.fit(ids, codec.schema.vocabulary, steps=250)
    points = model.encode(ids)
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), model.latent_dim**0.5, rtol=1e-4)
    written = model.decode(points)[:, : ids.shape[1]]
    assert (written == ids)[ids > 0].mean() > 0.75
    loaded = Autoencoder.from_json(json.loads(json.dumps(model.to_json())))
    assert (loaded.decode(points) == model.decode(points)).mean() > 0.98  # weights are kept in half precision


@pytest.fixture(scope="module")
def gan(data):
    import ganaug_text.autoencoder as module

    steps, module.Autoencoder.fit.__func__.__kwdefaults__["steps"] = 1_200, 60
    try:
        return ganaug.train(pd.Series(data[0], name="question"), data[1], kind="text", max_steps=20, random_state=0)
    finally:
        module.Autoencoder.fit.__func__.__kwdefaults__["steps"] = steps


def test_a_model_of_texts_is_saved_and_loaded(gan, tmp_path):
    gan.save(tmp_path / "m.safetensors")
    made = gan.sample(5, label="number", random_state=0)
    assert isinstance(made, pd.Series) and made.str.len().min() > 0
    again = ganaug.load(tmp_path / "m.safetensors").sample(5, label="number", random_state=0)
    assert again.tolist() == ganaug.load(tmp_path / "m.safetensors").sample(5, label="number", random_state=0).tolist()


def test_evaluation_asks_all_three_questions(data, tmp_path):
    X, y = data
    made = ganaug.GANOverSampler(kind="text", sources={"span-mix": 1}, random_state=0).fit_resample(X, y)
    X_made, y_made = made[0][len(X) :], made[1][len(X) :]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RepeatedSamplesWarning)  # made-up questions meet by chance
        found = ganaug.evaluate((X_made, y_made), *made_up(20, seed=3), X, y, kind="text", repeats=1, random_state=0)
    frame = found.to_frame()
    assert {"distinct-1", "distinct-2", "perplexity", "C2ST AUC"} <= set(frame["metric"])
    assert "SMOTE" not in set(frame["subject"]) and "class weights" in set(frame["subject"])
    found.report(tmp_path / "report.html")


def test_metrics_tell_variety_and_likelihood():
    def samples(texts, codec):
        encoded = codec.encode(texts)
        return Samples(encoded, np.zeros(len(texts), int), encoded, None, codec.spans)

    X, _ = made_up(30)
    codec = TextCodec.fit(X)
    real, other, same = samples(X[:60], codec), samples(X[60:], codec), samples([X[0]] * 60, codec)
    assert (
        metrics.distinct_n(real, same)["distinct-2"].value < 0.1 < metrics.distinct_n(real, other)["distinct-2"].value
    )
    rng = np.random.default_rng(0)
    mixed = samples([join(rng.permutation(split(text))) for text in X[60:]], codec)
    assert metrics.perplexity(real, mixed)["perplexity"].value > 2 * metrics.perplexity(real, other)["perplexity"].value


def test_the_classifier_learns_and_weighs(data):
    codec = TextCodec.fit(data[0])
    x = codec.encode(data[0])
    model = TextClassifier().fit(x[::2], data[1][::2])
    assert (model.predict(x[1::2]) == data[1][1::2]).mean() > 0.95
    assert model.transform(x).shape[0] == 120 and np.isfinite(model.transform(x)).all()
    assert count_ngrams(x).sum() == sum(2 * len(split(text)) - 1 for text in data[0])


# --- files


def run(*arguments):
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done


def test_the_command_line_reads_and_writes_texts(data, gan, tmp_path):
    gan.save(tmp_path / "m.safetensors")
    for form in ("csv", "jsonl"):
        out = tmp_path / f"new.{form}"
        run("synth", "--model", tmp_path / "m.safetensors", "-n", 7, "--out", out, "-q")
        found = read(out, kind="text", target="target")
        assert len(found.X) == 14 and found.X.name == "question" and sorted(set(found.y)) == ["number", "person"]
    run("synth", "--model", tmp_path / "m.safetensors", "-n", 3, "--out", tmp_path / "folder", "-q")
    assert ganaug.verify(tmp_path / "folder").intact


def test_tables_name_their_columns(data, tmp_path):
    frame = pd.DataFrame({"id": range(120), "body": data[0], "label": data[1]})
    frame.to_csv(tmp_path / "x.csv", index=False)
    frame.to_json(tmp_path / "x.jsonl", orient="records", lines=True)
    for name in ("x.csv", "x.jsonl"):
        found = read(tmp_path / name, kind="text")
        assert found.X.tolist() == data[0] and found.kind == "text"
        assert any("'body'" in remark for remark in found.remarks)
        with pytest.raises(SchemaError, match="has no column 'bodi'.*'body'"):
            read(tmp_path / name, kind="text", column="bodi")
    (tmp_path / "bad.jsonl").write_text('{"a": "x", "b": 1}\n[]\n')
    with pytest.raises(SchemaError, match="line 2: expected a JSON object"):
        read(tmp_path / "bad.jsonl")
