from ganaug.evaluation.words import shortened


def test_shortened():
    assert shortened("a" * 40) == "a" * 40
    assert shortened("a" * 30 + "b" * 30, 11) == "aaaaa…bbbbb"
    assert shortened("\x00\n") == "(no name)"
