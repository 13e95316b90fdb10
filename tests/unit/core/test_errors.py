import pytest

from ganaug.core import errors
from ganaug.core.errors import TrainingInterrupted, did_you_mean


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("SchemaError", ValueError),
        ("LeakageError", ValueError),
        ("ConfigError", ValueError),
        ("PluginNotFoundError", LookupError),
        ("OutputError", OSError),
        ("TransferError", ValueError),
        ("MissingExtraError", ImportError),
        ("TrainingDivergedError", RuntimeError),
    ],
)
def test_an_error_is_ours_and_of_the_kind_that_python_programs_expect(error, kind):
    assert issubclass(getattr(errors, error), errors.GANAugError)
    assert issubclass(getattr(errors, error), kind)


@pytest.mark.parametrize(("signal", "code"), [(2, 130), (15, 143)])
def test_an_interrupted_training_exits_as_shells_expect(signal, code):
    interrupted = TrainingInterrupted("stopped after step 5", signal)
    assert isinstance(interrupted, KeyboardInterrupt)
    assert (str(interrupted), interrupted.exit_code) == ("stopped after step 5", code)


def test_close_names_are_suggested_and_otherwise_the_first_twenty_listed():
    assert did_you_mean("hing", ["hinge", "vanilla"]) == "did you mean 'hinge'?"
    assert did_you_mean(4, [41, 42, "zzz"]) == "did you mean '42' or '41'?"
    assert did_you_mean("zzz", ["a", "b"]) == "known: a, b"
    assert did_you_mean("zzz", map(str, range(30))).endswith("18, 19, …")
