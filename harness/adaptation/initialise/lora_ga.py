"""LoRA-GA (Wang et al. 2024, arXiv 2407.05000): the first step of LoRA follows full fine-tuning's gradient."""

from collections.abc import Sequence

from peft import PeftConfig
from peft.tuners.lora.loraga import preprocess_loraga
from transformers import PreTrainedModel

from harness.adaptation.adapted import Batch
from harness.adaptation.data import on_device


def collect_gradients(model: PreTrainedModel, config: PeftConfig, batches: Sequence[Batch]) -> None:
    """Leave on each target module the mean gradient that PEFT's wrapping then reads and removes."""

    def run() -> None:
        for batch in batches:
            model(**on_device(batch, model)).loss.backward()

    preprocess_loraga(model, config, run)
