"""One model of a grid as a script of one's own would make it: load, train with SFTTrainer, score with lm-eval.

``python benchmarks/grid/otherwise.py JOB.json`` prints the seconds of each part and the scores as JSON. The job has
`model` (a folder), `rows` (a file of JSON lines with prompt and completion), `training` (SFTConfig's fields), `lora`
(LoraConfig's fields; null: full fine-tuning), `trains` (false: score the model as it is), `probe` (how many layers have
the largest gradient, and on which rows, a batch a list; null: the layers are known), `tasks` (by name, how many
examples stand before an item, `shots`, and which `items` are scored), `include` and `batch_size`. Nothing of harness is
imported here; the tasks' loaders use its builders.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import lm_eval
import torch
from datasets import Dataset
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer

Job = dict[str, Any]


def main() -> None:
    job: Job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    tokenizer = AutoTokenizer.from_pretrained(job["model"])
    model = AutoModelForCausalLM.from_pretrained(job["model"], dtype="float32")
    seconds = {"probe": 0.0, "train": 0.0}
    layers = None
    if job["trains"]:
        if job["probe"]:
            began = time.perf_counter()
            layers = job["lora"]["layers_to_transform"] = largest_gradients(job, model, tokenizer)
            seconds["probe"] = time.perf_counter() - began
        model, seconds["train"] = trained(job, model, tokenizer)
    began = time.perf_counter()
    scores = scored(job, model, tokenizer)
    seconds["score"] = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "scores": scores, "layers": layers}))


def rows_of(job: Job) -> list[dict[str, str]]:
    return [json.loads(line) for line in Path(job["rows"]).read_text(encoding="utf-8").splitlines()]


def largest_gradients(job: Job, model: Any, tokenizer: Any) -> list[int]:
    """Return the layers with the largest sum over batches of the gradient's norm, of the loss on completions."""
    rows, norms = rows_of(job), torch.zeros(model.config.num_hidden_layers)
    for batch in job["probe"]["batches"]:
        prompts = [len(tokenizer(rows[place]["prompt"])["input_ids"]) for place in batch]
        texts = [rows[place]["prompt"] + rows[place]["completion"] + tokenizer.eos_token for place in batch]
        inputs = tokenizer(texts, padding=True, padding_side="right", return_tensors="pt")
        labels = inputs["input_ids"].masked_fill(inputs["attention_mask"] == 0, -100)
        for label, prompt in zip(labels, prompts, strict=True):
            label[:prompt] = -100
        model.zero_grad()
        model(**inputs, labels=labels).loss.backward()
        for number, layer in enumerate(model.model.layers):
            norms[number] += torch.stack([weight.grad.square().sum() for weight in layer.parameters()]).sum().sqrt()
    model.zero_grad()
    return sorted(norms.argsort(descending=True)[: job["probe"]["layers"]].tolist())


def trained(job: Job, model: Any, tokenizer: Any) -> tuple[Any, float]:
    with tempfile.TemporaryDirectory() as scratch:
        # TRL's defaults, but for bfloat16, in which scores would be others, and for checkpoints that nobody reads.
        plain = {"bf16": False, "use_cpu": True, "save_strategy": "no", "report_to": "none"}
        trainer = SFTTrainer(
            model=model,
            args=SFTConfig(output_dir=scratch, disable_tqdm=True, **plain, **job["training"]),
            train_dataset=Dataset.from_list(rows_of(job)),
            processing_class=tokenizer,
            peft_config=LoraConfig(**job["lora"]) if job["lora"] else None,
        )
        began = time.perf_counter()
        trainer.train()
    return trainer.model.eval(), time.perf_counter() - began


def scored(job: Job, model: Any, tokenizer: Any) -> dict[str, dict[str, float]]:
    engine = HFLM(model, tokenizer=tokenizer, batch_size=job["batch_size"])
    manager = TaskManager(include_path=job["include"], include_defaults=False)
    scores = {}
    for task, asked in job["tasks"].items():
        output = lm_eval.simple_evaluate(
            model=engine,
            tasks=[task],
            task_manager=manager,
            num_fewshot=asked["shots"],
            samples=None if asked["items"] is None else {task: asked["items"]},
            log_samples=True,
        )
        scores[task] = {name: output["results"][task][f"{name},none"] for name in job["metrics"]}
    return scores


if __name__ == "__main__":
    main()
