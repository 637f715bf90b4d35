"""A conversation's tokens and labels are those that TRL makes of it, whatever the template does."""

import pytest
from datasets import Dataset
from transformers import AutoTokenizer
from trl import SFTConfig, SFTTrainer

from harness.errors import TaskError
from harness.sources import models
from harness.sources.data import RENDERED, DataContext, read_rows
from harness.spec.records import Data, Model
from harness.training.rows import conversation
from harness.training.run import _dataset
from harness.training.tokens import tokens_of

CHATML = (
    "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}<eos>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
WITH_BOS = "{{ bos_token }}" + CHATML
OTHER_END = CHATML.replace("<eos>", "<end>")
THINKS = (  # the prompt alone ends otherwise than it goes on, as DeepSeek-R1's does
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<eos>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|><think>{% endif %}"
)
ROWS = [
    {
        "prompt": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": f"{n} + {n} ="}],
        "completion": [{"role": "assistant", "content": f" {2 * n} "}],
    }
    for n in range(3)
]


@pytest.fixture(params=[CHATML, WITH_BOS, OTHER_END, THINKS])
def tokenizer(request, tiny_tokenizer_folder):
    loaded = AutoTokenizer.from_pretrained(tiny_tokenizer_folder)
    loaded.chat_template = request.param
    return loaded


@pytest.fixture
def prepared(tiny_model, tmp_path):
    """Let TRL prepare a data set and return its token ids and labels."""

    def prepare(dataset, tokenizer):
        options = {"report_to": "none", "use_cpu": True, "bf16": False, "max_length": 64, "completion_only_loss": True}
        model = models.load(Model(**tiny_model)).model
        args = SFTConfig(output_dir=str(tmp_path), **options)
        trainer = SFTTrainer(model=model, args=args, train_dataset=dataset, processing_class=tokenizer)
        return [(row["input_ids"], row["labels"]) for row in trainer.train_dataset]

    return prepare


@pytest.fixture
def rows(tmp_path):
    """The conversations as harness reads them from a file."""

    def read(tokenizer, rows=ROWS):
        Dataset.from_list(rows).to_parquet(tmp_path / "rows.parquet")
        context = DataContext(beside=tmp_path, render=conversation(tokenizer))
        return read_rows(Data(source="parquet", path=str(tmp_path / "rows.parquet")), context)

    return read


def test_tokens_and_labels_are_trls(tokenizer, rows, prepared):
    ours = prepared(_dataset(rows(tokenizer), tokenizer), tokenizer)
    assert ours == prepared(Dataset.from_list(ROWS), tokenizer)


def test_texts_beside_them_are_as_without_them(tokenizer, rows, prepared):
    plain = [{"prompt": "1 + 1 =", "completion": " 2"}, {"prompt": "Say <eos>", "completion": " now<eos>"}]
    mixed = prepared(_dataset([*rows(tokenizer), *plain], tokenizer), tokenizer)
    assert mixed[len(ROWS) :] == prepared(_dataset(plain, tokenizer), tokenizer)


def test_the_messages_of_a_whole_conversation_train_its_last_answer(tokenizer, rows):
    whole = [{"messages": [*row["prompt"], *row["completion"]]} for row in ROWS]
    assert rows(tokenizer, whole) == rows(tokenizer)


def test_nothing_is_put_around_what_a_template_wrote(tokenizer, rows):
    for row in rows(tokenizer):
        ids, before = tokens_of(row, tokenizer)
        assert tokenizer.decode(ids) == row["prompt"] + row["completion"]
        assert 0 < before < len(ids)
        assert row[RENDERED] == "messages"


def test_a_tokenizer_without_a_template_is_named(tiny_tokenizer_folder, rows):
    with pytest.raises(TaskError, match="the model's tokenizer has no chat template"):
        rows(AutoTokenizer.from_pretrained(tiny_tokenizer_folder))


def test_what_the_template_refuses_is_said_by_row(tiny_tokenizer_folder, rows):
    tokenizer = AutoTokenizer.from_pretrained(tiny_tokenizer_folder)
    strict = "{% if messages[0].role == 'system' %}{{ raise_exception('No system here') }}{% endif %}"
    tokenizer.chat_template = strict + CHATML
    message = r"3 of 3 rows .* row 1: the chat template refuses it: No system here; row 2"
    with pytest.raises(TaskError, match=message):
        rows(tokenizer)
