import numpy as np
import pytest

from ganaug.data.readers import read
from ganaug.synthesis.plan import folder_names

RNG = np.random.default_rng(0)


class TestImageFolderWriter:
    @pytest.mark.parametrize("shape", [(5, 8, 6), (5, 8, 6, 3), (5, 3, 8, 6)])
    def test_reads_back_with_the_same_pixels(self, tmp_path, shape, written):
        X = RNG.integers(0, 256, shape, dtype=np.uint8)
        written(tmp_path, "images", X, {"cat": [X[2:3]], "dog": [X[:2], X[3:]]})
        dataset = read(tmp_path)
        expected = np.moveaxis(X, 1, -1) if shape[1] == 3 else X
        np.testing.assert_array_equal(dataset.X, expected[[2, 0, 1, 3, 4]])
        assert dataset.y.tolist() == ["cat"] + ["dog"] * 4

    def test_torchvision_reads_the_same_classes_and_the_plan_tells_their_order(self, tmp_path, written):
        from torchvision.datasets import ImageFolder

        labels = ["..", "a/b", "", "con", "x" * 300, "🙂", "café", "cafe\u0301", "\x00", "A", "a", "manifest.json", " "]
        X = np.arange(len(labels), dtype=np.uint8)[:, None, None] * np.ones((1, 8, 8), dtype=np.uint8)
        inside = tmp_path / "out"
        inside.mkdir()
        written(inside, "images", X, {label: [X[i : i + 1]] for i, label in enumerate(labels)})
        assert [path.name for path in tmp_path.iterdir()] == ["out"]
        found = ImageFolder(inside)
        label_of = {folder: label for label, folder in folder_names(labels).items()}
        said = {label_of[found.classes[c]]: np.asarray(image)[0, 0, 0] for image, c in found}
        assert said == {label: i for i, label in enumerate(labels)}

    def test_rgba(self, tmp_path, written):
        from PIL import Image

        X = RNG.integers(0, 256, (1, 8, 8, 4), dtype=np.uint8)
        written(tmp_path, "images", X, {0: [X]})
        with Image.open(tmp_path / "0" / "000000.png") as image:
            assert image.mode == "RGBA"
            np.testing.assert_array_equal(np.asarray(image), X[0])

    def test_pil_images(self, tmp_path, written):
        from PIL import Image

        X = RNG.integers(0, 256, (2, 8, 8), dtype=np.uint8)
        images = [Image.fromarray(pixels) for pixels in X]
        written(tmp_path, "images", images, {0: [images]})
        np.testing.assert_array_equal(read(tmp_path).X, X)

    @pytest.mark.parametrize(("top", "dtype"), [(1.0, np.float32), (16, np.float64), (4095, np.uint16)])
    def test_range_of_the_data_is_stretched(self, tmp_path, top, dtype, written):
        X = np.linspace(0, top, 64).reshape(1, 8, 8).astype(dtype)
        written(tmp_path, "images", X, {0: [X]})
        pixels = read(tmp_path).X[0].astype(float)
        np.testing.assert_allclose(pixels, X[0] / top * 255, atol=0.6)
