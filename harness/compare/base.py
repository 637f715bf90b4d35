"""The untuned model's scores, judged as soon as they are there: what cannot be compared is found before training."""

from harness.compare.design import BASE, Arm, Design, FailedRun, ScoredRun
from harness.compare.scores import NotCompared, read_comparable
from harness.errors import ComparisonError
from harness.ledger import RunFolder
from harness.ledger.damage import CellFiles, refuse
from harness.records import CellResult
from harness.spec.records import Experiment


def check_base(run: RunFolder, experiment: Experiment, base: CellResult) -> None:
    """Raise `ComparisonError` where a suite's scores cannot be compared, whatever the trained models will get.

    A metric with no number an item, several filters and none chosen, items that contradict their own repetitions, or a
    cluster field that some documents lack show in the base's own samples.
    """
    refuse(run, CellFiles(run, base.cell.id).scores())
    left_out = suites_left_out(run, experiment, base)
    if left_out:
        tasks = ", ".join(dict.fromkeys(each.task for each in left_out))
        reasons = "\n".join(dict.fromkeys(reason for each in left_out for reason in each.reasons))
        raise ComparisonError(
            f"{reasons}\nThe base model is scored, and {tasks} could not be compared afterwards, so that nothing is "
            "trained. Name another metric, mend the task or leave the suite out; the same command goes on from here."
        )


def suites_left_out(run: RunFolder, experiment: Experiment, base: CellResult) -> tuple[NotCompared, ...]:
    """Return the suites that cannot be compared as the base's cell scored them.

    A base that was taken over from a run with other suites may lack those in-domain: it is scored on them first.
    """
    folder = run.cell_folder(base.cell)
    samples = {one.task: folder / one.samples for one in base.evaluations}
    if not any(suite.task in samples for suite in experiment.suites_of("in_domain")):
        return ()
    scored, absent = ScoredRun(folder=folder, samples=samples), FailedRun(kind="absent", message="not trained yet")
    comparison = experiment.comparison
    design = Design(
        reference=Arm(name="untuned", runs=(scored,)),
        candidates=(Arm(name="trained", runs=(absent,)),),
        base=Arm(name=BASE, runs=(absent,)),
        suites=tuple(suite for suite in experiment.suites if suite.task in samples),
        sesoi=comparison.sesoi,
        duplicates=comparison.duplicates,
        identical_runs=comparison.identical_runs,
    )
    return read_comparable(design)[1]
