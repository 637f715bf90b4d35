"""What an experiment would take of a cluster."""

from collections.abc import Iterator

from harness.plan.cluster import OnCluster
from harness.plan.nodes import GIB
from harness.report.document import Block, Duration, Finding


def cluster_blocks(found: OnCluster) -> Iterator[Block]:
    """Yield the makespan, what it rests on and what it costs, then what binds."""
    price = "" if found.cost is None else f", {found.cost:,.2f} in the currency of the file"
    used = f"{found.units} units, {found.utilisation:.0%} of the devices' time in use"
    chain = f"those that wait for each other take {Duration(found.chain)}"
    yield Finding(
        title=f"ON {found.devices} DEVICES: about {Duration(found.makespan)}{price}",
        lines=(
            f"{used}; {chain}; {found.storage / GIB:.1f} GiB of storage.",
            f"What binds is {found.binds}.",
        ),
    )
