"""A training's state, written as a checkpoint in place of the one before, and read from it."""

from pathlib import Path

from safetensors import SafetensorError

from harness.codec import JSON, encode
from harness.ledger.artefacts import artefact, write_sealed
from harness.ledger.checkpoint import RECORD, Checkpoint, DamagedCheckpointError
from harness.ledger.files import make_folder, sync
from harness.ledger.outcomes import UNREADABLE
from harness.training.state import State, Tensors, plain, restored, write_tensors


def write_checkpoint(folder: Path, *, step: int, steps: int, about: JSON, state: State) -> Checkpoint:
    """Write a checkpoint in place of the one before, which was made at an earlier step.

    Its files are on the disk before the record names them. Raises `UnkeptStateError` for a state that holds what is no
    data, and `OSError` as the disk does.
    """
    value, tensors = plain(state)
    make_folder(folder)
    before = {each.name for each in folder.glob("*.safetensors")}
    files = {}
    for path in write_tensors(folder, f"step-{step}", tensors):
        sync(path)
        files[path.name] = artefact(path)
    sync(folder)
    made = Checkpoint(step=step, steps=steps, about=about, state=value, files=files)
    write_sealed(folder / RECORD, encode(made))
    for name in before - set(files):
        (folder / name).unlink(missing_ok=True)
    return made


def state_of(checkpoint: Checkpoint, folder: Path) -> State:
    """Return the state in a checkpoint of this folder. Raises `DamagedCheckpointError` for what is no state."""
    try:
        return restored(checkpoint.state, Tensors.of([folder / name for name in checkpoint.files]))
    except (*UNREADABLE, RuntimeError, SafetensorError) as error:
        raise DamagedCheckpointError(f"{folder / RECORD} holds no state of a training ({error})") from error
