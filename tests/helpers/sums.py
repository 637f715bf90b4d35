"""The YAML of a small task that tests write beside a loader and spoil."""

YAML = """task: sums
custom_dataset: !function loader.load
output_type: multiple_choice
training_split: train
test_split: test
doc_to_text: "{{q}} ="
doc_to_choice: choices
doc_to_target: answer
metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
"""
