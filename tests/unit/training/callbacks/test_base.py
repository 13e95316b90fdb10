import inspect

import torch

import ganaug
from ganaug.training.callbacks import Callback, Run


def test_what_the_protocol_names_is_what_a_training_has(iris):
    class Look(Callback):
        def on_record(self, trainer):
            names = [
                *Run.__annotations__,
                *(name for name, _ in inspect.getmembers(Run, lambda m: isinstance(m, property))),
            ]
            self.seen = {name: getattr(trainer, name) for name in names}

    look = Look()
    gan = ganaug.train(*iris, max_steps=1, random_state=4, callbacks=[look])
    assert look.seen["gan"] is gan
    assert look.seen["probes"].shape == (3, 8, 4)
    assert (look.seen["device"], look.seen["progress"]) == (torch.device(gan.config.device), 1.0)


def test_a_callback_that_overrides_nothing_changes_nothing(iris):
    gans = [ganaug.train(*iris, max_steps=2, random_state=0, callbacks=callbacks) for callbacks in ([], [Callback()])]
    a, b = (gan.sample(3, label=0, random_state=0).tolist() for gan in gans)
    assert a == b
    assert Callback().state_dict() == Callback().tensors() == {}
