"""One model of a grid as a script of one's own would make it: load, train with SFTTrainer, score with lm-eval.

``python benchmarks/grid/otherwise.py JOB.json`` prints the seconds of each part and the scores as JSON. The job has
`model` (a folder), `rows` (a file of JSON lines with prompt and completion), `training` (SFTConfig's fields),
`lora` (LoraConfig's fields; null: full fine-tuning), `trains` (false: score the model as it is), `tasks` (by name, how
many examples stand before an item, `shots`, and which `items` are scored), `include` and `batch_size`. Nothing of
harness is imported here; the tasks' loaders use its builders.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import lm_eval
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
    seconds = {"train": 0.0}
    if job["trains"]:
        model, seconds["train"] = trained(job, model, tokenizer)
    began = time.perf_counter()
    scores = scored(job, model, tokenizer)
    seconds["score"] = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "scores": scores}))


def trained(job: Job, model: Any, tokenizer: Any) -> tuple[Any, float]:
    lines = Path(job["rows"]).read_text(encoding="utf-8").splitlines()
    with tempfile.TemporaryDirectory() as scratch:
        # TRL's defaults but for what would be a poor choice on a CPU: bfloat16, recomputed activations, checkpoints.
        plain = {"bf16": False, "gradient_checkpointing": False, "save_strategy": "no", "report_to": "none"}
        trainer = SFTTrainer(
            model=model,
            args=SFTConfig(output_dir=scratch, disable_tqdm=True, **plain, **job["training"]),
            train_dataset=Dataset.from_list([json.loads(line) for line in lines]),
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
