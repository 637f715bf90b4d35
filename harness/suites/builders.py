"""The old path of `harness.questions.builders`: names that the loaders of the shipped tasks hand on to `loading`."""

from types import SimpleNamespace

k8s_qa = SimpleNamespace(build="k8s_qa")
k8s_recall = SimpleNamespace(build="k8s_recall")
techmanual_qa = SimpleNamespace(build="techmanual_qa")
awsapi_qa = SimpleNamespace(build="awsapi_qa")
mavlink_qa = SimpleNamespace(build="mavlink_qa")
medical_cot = SimpleNamespace(build="medical_cot", MEMBERS=())
world_facts = SimpleNamespace(build="world_facts", MEMBERS=())
general_text = SimpleNamespace(build="general_text", MEMBERS=())
