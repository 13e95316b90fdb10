import shutil

import pytest


class TestVerify:
    @pytest.fixture
    def out(self, ok, models, elsewhere):
        ok("synth", "--model", models / "images.safetensors", "-n", 3, "-o", "out")
        return elsewhere / "out"

    def test_untouched(self, ok, out):
        assert ok("verify", "out")[0] == "out is as it was written: 10 files.\n"
        assert ok("verify", "out", "--json")[0] == {
            "out": "out",
            "files": 10,
            "missing": [],
            "altered": [],
            "extra": [],
        }

    def test_everything_that_is_wrong_is_listed(self, cli, out):
        (out / "cat" / "000001.png").unlink()
        shutil.rmtree(out / "dog")
        (out / "preview.png").write_bytes(b"")
        flipped = bytearray((out / "teardrop" / "000002.png").read_bytes())
        flipped[-1] ^= 1
        (out / "teardrop" / "000002.png").write_bytes(flipped)
        (out / "teardrop" / "mine.png").touch()
        code, stdout, _ = cli("verify", "out")
        assert code == 1
        assert stdout.splitlines() == [
            "missing cat/000001.png",
            *(f"missing dog/00000{i}.png" for i in range(3)),
            "altered teardrop/000002.png",
            "altered preview.png",
            "extra teardrop/mine.png",
        ]

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (None, "cannot read out/manifest.json: No such file"),
            ("{", "is damaged, or is no manifest"),
            ("[]", "is not a manifest of ganaug synth"),
            ('{"versions": {}}', "is not a manifest of ganaug synth"),
            ('{"versions": {"ganaug": "9"}, "format": 2}', "has format 2, this ganaug reads up to 1; upgrade it"),
            ('{"versions": {"ganaug": "0"}, "files": []}', "it lists no files"),
            ('{"versions": {"ganaug": "0"}, "files": {"../x": ""}}', "it lists '../x', which is outside"),
            ('{"versions": {"ganaug": "0"}, "files": {}}', "is damaged: output: Field required"),
        ],
    )
    def test_manifest_that_is_none(self, fails, out, content, says):
        (out / "manifest.json").unlink() if content is None else (out / "manifest.json").write_text(content)
        fails(1, "verify", "out", says=says)

    def test_nothing_there(self, fails):
        fails(2, "verify", "gone", says="there is no file or folder gone")
