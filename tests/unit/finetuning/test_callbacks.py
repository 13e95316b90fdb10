import pytest

import ganaug
from ganaug.core.errors import ConfigError
from ganaug.finetuning.callbacks import Anchor, FasterClasses
from ganaug.training.callbacks import Callback


class Groups(Callback):
    def on_train_start(self, trainer):
        self.groups = [dict(group) for group in trainer.step.optimizers["g_optimizer"].param_groups]


@pytest.fixture(scope="module")
def source(digit_images):
    return ganaug.train(*digit_images, max_steps=2, random_state=0)


def test_what_belongs_to_classes_has_a_learning_rate_of_its_own(digit_images):
    groups = Groups()
    gan = ganaug.train(*digit_images, max_steps=1, random_state=0, callbacks=[FasterClasses(4.0), groups])
    shared, classes = groups.groups
    assert classes["lr"] == 4 * shared["lr"]
    weights = list(gan.generator.parameters())
    assert len(shared["params"]) + len(classes["params"]) == len(weights)
    owned = {
        id(weight)
        for name, weight in gan.generator.named_parameters()
        if "embedding" in name or "shift" in name or "scale" in name
    }
    assert {id(weight) for weight in classes["params"]} == owned


def test_a_resumed_training_may_not_pull_more_or_less(source, digit_images):
    target = ganaug.finetune(source, *digit_images, max_steps=1, random_state=0)
    weak, strong = (Anchor(source, target, weight, seed=0) for weight in (0.1, 0.2))
    weak.load_state_dict(weak.state_dict())
    with pytest.raises(ConfigError, match="ewc_weight was 0.1 in the training to be resumed, now 0.2"):
        strong.load_state_dict(weak.state_dict())


def test_the_anchor_lets_go_at_the_end(source, digit_images):
    target = ganaug.finetune(source, *digit_images, max_steps=1, random_state=0)
    anchor = Anchor(source, target, 1.0, seed=0)
    anchor.on_train_start(None)
    assert any(weight._backward_hooks for weight in target.generator.parameters())
    anchor.on_train_end(None)
    assert not any(weight._backward_hooks for weight in target.generator.parameters())
