import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def orders(tmp_path_factory):
    """Two tables from one source, and a model of the first."""
    from ganaug.cli.app import run

    folder = tmp_path_factory.mktemp("orders")
    for name, seed in (("known", 0), ("unseen", 1)):
        rng = np.random.default_rng(seed)
        fraud = np.repeat(["no", "yes"], [70, 30])
        frame = pd.DataFrame(rng.normal(size=(100, 2)) + 2 * (fraud == "yes")[:, None], columns=["a", "b"])
        frame.assign(kind=rng.choice(["shop", "web"], 100), fraud=fraud).to_csv(folder / f"{name}.csv", index=False)
    model = folder / "model.safetensors"
    assert run(["train", str(folder / "known.csv"), "--out", str(model), "--max-steps", "5", "--quiet"]) == 0
    return folder


def test_verdicts_are_printed(orders, ok):
    out, err = ok("evaluate", orders / "model.safetensors", orders / "known.csv", "--test", orders / "unseen.csv")
    assert [line.split(" ")[0] for line in out.splitlines()[:3]] == ["fidelity", "utility", "privacy"]
    assert "None of this is differential privacy" in out
    assert "measuring" in err


def test_json_has_every_number(orders, ok):
    ask = ("--ask", "privacy", "--ask", "fidelity", "--quiet", "--json")
    out, err = ok("evaluate", orders / "model.safetensors", orders / "known.csv", "--test", orders / "unseen.csv", *ask)
    assert list(out) == ["described", "fidelity", "privacy"]
    assert out["described"]["held out"] == {"no": 70, "yes": 30}
    assert {"subject", "metric", "value", "low", "high", "real", "better", "rival"} == set(
        out["privacy"]["measurements"][0]
    )
    assert err == ""


def test_without_a_test_set_a_new_model_is_trained_on_a_part(orders, ok):
    model = orders / "model.safetensors"
    out, err = ok("evaluate", model, orders / "known.csv", "--ask", "privacy", "--json")
    assert "no --test: training anew on 70%" in err
    assert out["described"]["training"] == {"no": 49, "yes": 21}
    assert out["described"]["held out"] == {"no": 21, "yes": 9}
    assert out["described"]["source"] == "model (not saved), 5 steps"


def test_a_model_is_not_judged_on_what_it_learnt(orders, fails):
    model, known = orders / "model.safetensors", orders / "known.csv"
    fails(1, "evaluate", model, known, "--test", known, "-q", says="100 of 100 held-out samples (100.0%)")


def test_a_fine_tuned_model_needs_a_test_set(orders, ok, fails):
    known = orders / "known.csv"
    ok("finetune", known, "--from", orders / "model.safetensors", "--out", "tuned", "--max-steps", "2", "-q")
    fails(2, "evaluate", "tuned", known, says="give --test, data it has not seen")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["none.safetensors", "known.csv"], 2, "there is no file none.safetensors"),
        (["model.safetensors", "none.csv"], 2, "there is no file or folder none.csv"),
        (["known.csv", "known.csv"], 1, "no ganaug checkpoint"),
        (["model.safetensors", "known.csv", "--test", "unseen.csv", "--ask", "utlity"], 2, "did you mean 'utility'"),
        (["model.safetensors", "known.csv", "--test", "unseen.csv", "--metric", "fid"], 2, "no metric is registered"),
        (["model.safetensors", "known.csv", "--test", "unseen.csv", "--report", "."], 1, "exists already"),
    ],
)
def test_wrong_input_is_one_line(orders, fails, arguments, code, says):
    there = [str(orders / name) if (orders / name).exists() and name != "." else name for name in arguments]
    fails(code, "evaluate", *there, "--quiet", says=says)
