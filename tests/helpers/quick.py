"""Short runs of the embedded model: a spec that extends `quick` with a few steps and items, and its own recipes."""

import json

K8S = {"task": "k8s_qa", "role": "in_domain", "metric": "answer_bits_per_byte"}
MANUALS = {"task": "techmanual_qa", "role": "out_of_domain", "metric": "answer_bits_per_byte"}
TEXT = {"task": "general_text", "role": "guard", "metric": "bits_per_byte", "sesoi": 0.02}


def short(name, *, steps, **declared):
    """Return a spec of one seed and so many steps of two rows."""
    training = {"max_steps": steps, "per_device_train_batch_size": 2}
    return {"extends": "quick", "name": name, "seeds": [42], "training": training, **declared}


def written(folder, spec, recipes=()):
    """Write a spec and the recipes that it brings, by name, into a folder, and return the spec's file."""
    (folder / "adapters").mkdir(exist_ok=True)
    for name, recipe in dict(recipes).items():
        (folder / "adapters" / f"{name}.json").write_text(json.dumps(recipe))
    path = folder / f"{spec['name']}.json"
    path.write_text(json.dumps(spec))
    return path
