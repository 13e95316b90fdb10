"""Door 2: synthetic samples in PyTorch training loops."""

from ganaug.core.extras import refuse_missing

refuse_missing("torchvision", "PIL", extra="images", purpose="a training loop with synthetic images")
