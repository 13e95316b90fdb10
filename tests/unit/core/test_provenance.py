import json

import pytest
from pydantic import ValidationError

from ganaug.core.provenance import Parent, Provenance, TransferReport


@pytest.fixture
def provenance():
    parent = Parent(
        sha256="ab12",
        described="images of 8 × 8, gray, uint8",
        classes={"cat": 1200, "dog": 3},
        provenance=Provenance(data="pets", licence="CC BY 4.0"),
    )
    return Provenance(data="mine", source="the ward", parent=parent)


def test_lines_tell_the_whole_descent(provenance):
    assert provenance.lines() == [
        "data: mine",
        "source: the ward",
        "fine-tuned from: ab12",
        "  images of 8 × 8, gray, uint8",
        "  classes: cat (1,200), dog (3)",
        "  data: pets",
        "  licence: CC BY 4.0",
    ]
    assert Provenance().lines() == []


def test_it_survives_json_and_cannot_be_changed(provenance):
    assert Provenance(**json.loads(json.dumps(provenance.model_dump()))) == provenance
    with pytest.raises(ValidationError, match="frozen"):
        provenance.licence = "mine"


def test_a_report_counts_tensors_and_shortens_long_lists():
    report = TransferReport(
        source="cells",
        target="drops",
        method="full",
        embeddings="fresh",
        tensors={"a": "kept", "b": "kept", "c": "new"},
        parameters={"kept": 12_345, "new": 6},
        parts={"classes": {"kept": [], "new": [f"c{i}" for i in range(10)]}},
    )
    said = str(report)
    assert "Of 3 tensors 2 kept (12,345 parameters), 0 adapted (0 parameters), 1 new (6 parameters)." in said
    assert "Classes: new c0, c1, c2, c3, c4, c5, c6, c7 and 2 more." in said
    assert TransferReport(**json.loads(json.dumps(report.to_json()))) == report
