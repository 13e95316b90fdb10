"""ganaug: learn the classes you have least of with a conditional GAN.

The public names load on first use, so ``import ganaug`` costs milliseconds and imports no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ganaug._version import __version__

_HOME = {
    "GANOverSampler": "ganaug.oversampling.sampler",
    "SyntheticMix": "ganaug.loops.synthetic_mix",
    "GANReplace": "ganaug.loops.torchvision",
    "Pool": "ganaug.loops.pool",
    "PoolDataset": "ganaug.loops.pool_dataset",
    "make_pool": "ganaug.loops.pool",
    "Synthesizer": "ganaug.models.synthesizer",
    "PoolRefresh": "ganaug.loops.refresh",
    "ConditionalGAN": "ganaug.models.gan",
    "TrainConfig": "ganaug.core.config",
    "TransferConfig": "ganaug.core.config",
    "TransferReport": "ganaug.core.provenance",
    "Provenance": "ganaug.core.provenance",
    "History": "ganaug.core.history",
    "Snapshot": "ganaug.training.snapshot",
    "TableStream": "ganaug.data.table.stream",
    "train": "ganaug.training.train",
    "finetune": "ganaug.finetuning.finetune",
    "load": "ganaug.models.synthesizer",
    "synthesize": "ganaug.synthesis.synthesize",
    "Synthesis": "ganaug.synthesis.synthesize",
    "verify": "ganaug.synthesis.verify",
    "merge": "ganaug.synthesis.merge",
    "evaluate": "ganaug.evaluation.evaluate",
    "Evaluation": "ganaug.evaluation.result",
    "compare": "ganaug.evaluation.comparison.compare",
    "Comparison": "ganaug.evaluation.comparison.result",
    "KeepBest": "ganaug.evaluation.keep_best",
    "Judgement": "ganaug.oversampling.judge",
    "Finetune": "ganaug.finetuning.finetune",
    "GANAugError": "ganaug.core.errors",
    "SchemaError": "ganaug.core.errors",
    "LeakageError": "ganaug.core.errors",
    "ConfigError": "ganaug.core.errors",
    "PluginNotFoundError": "ganaug.core.errors",
    "CheckpointError": "ganaug.core.errors",
    "PoolError": "ganaug.core.errors",
    "OutputError": "ganaug.core.errors",
    "ManifestError": "ganaug.core.errors",
    "TransferError": "ganaug.core.errors",
    "TrainingDivergedError": "ganaug.core.errors",
    "TrainingInterrupted": "ganaug.core.errors",
}

__all__ = ["__version__", *_HOME]

if TYPE_CHECKING:
    from ganaug.core.config import TrainConfig as TrainConfig, TransferConfig as TransferConfig
    from ganaug.core.errors import (
        CheckpointError as CheckpointError,
        ConfigError as ConfigError,
        GANAugError as GANAugError,
        LeakageError as LeakageError,
        ManifestError as ManifestError,
        OutputError as OutputError,
        PluginNotFoundError as PluginNotFoundError,
        PoolError as PoolError,
        SchemaError as SchemaError,
        TrainingDivergedError as TrainingDivergedError,
        TrainingInterrupted as TrainingInterrupted,
        TransferError as TransferError,
    )
    from ganaug.core.history import History as History
    from ganaug.core.provenance import Provenance as Provenance, TransferReport as TransferReport
    from ganaug.data.table.stream import TableStream as TableStream
    from ganaug.evaluation.comparison.compare import compare as compare
    from ganaug.evaluation.comparison.result import Comparison as Comparison
    from ganaug.evaluation.evaluate import evaluate as evaluate
    from ganaug.evaluation.keep_best import KeepBest as KeepBest
    from ganaug.evaluation.result import Evaluation as Evaluation
    from ganaug.finetuning.finetune import Finetune as Finetune, finetune as finetune
    from ganaug.loops.pool import Pool as Pool, make_pool as make_pool
    from ganaug.loops.pool_dataset import PoolDataset as PoolDataset
    from ganaug.loops.refresh import PoolRefresh as PoolRefresh
    from ganaug.loops.synthetic_mix import SyntheticMix as SyntheticMix
    from ganaug.loops.torchvision import GANReplace as GANReplace
    from ganaug.models.gan import ConditionalGAN as ConditionalGAN
    from ganaug.models.synthesizer import Synthesizer as Synthesizer, load as load
    from ganaug.oversampling.judge import Judgement as Judgement
    from ganaug.oversampling.sampler import GANOverSampler as GANOverSampler
    from ganaug.synthesis.merge import merge as merge
    from ganaug.synthesis.synthesize import Synthesis as Synthesis, synthesize as synthesize
    from ganaug.synthesis.verify import verify as verify
    from ganaug.training.snapshot import Snapshot as Snapshot
    from ganaug.training.train import train as train


def __getattr__(name: str) -> Any:
    try:
        return getattr(import_module(_HOME[name]), name)
    except KeyError:
        raise AttributeError(f"module 'ganaug' has no attribute {name!r}") from None


def __dir__() -> list[str]:
    return sorted(__all__)
