from ganaug.evaluation.notebook import summary
from ganaug.evaluation.result import Answer, Evaluation, Measurement, Verdict


def evaluation(words):
    measured = (Measurement(words, "coverage", 0.5, real=0.9),)
    answer = Answer("fidelity", Verdict("doubtful", words, "0.5 of 0.9", n=40), measured, (f"note {words}",))
    return Evaluation({"fidelity": answer}, {"notes": [f"note {words}"]}, {}, None)


def test_verdict_notes_and_numbers_are_there_once():
    shown = summary(evaluation("similar"))
    for said in ("Does it look real?", "similar", "0.5 of 0.9", "n = 40 held out", "<details>", "coverage"):
        assert said in shown
    assert shown.count("note similar") == 1
    assert 'aria-label="doubtful"' in shown


def test_what_users_wrote_is_escaped():
    shown = summary(evaluation("<script>alert(1)</script>"))
    assert "<script>" not in shown and "&lt;script&gt;" in shown
