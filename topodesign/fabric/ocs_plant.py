"""Optical circuit switches (OCS) of a pod of 4x4x4 blocks: how many, which ports, which links each one carries.

Every block has 16 optical links out of each of its 6 faces. The two links of a block at the same place of opposite
faces lead to one and the same OCS, together with those of all other blocks, so that an OCS can join any block's
positive face to any block's negative one: one OCS for each of 3 axes and 16 places, whatever the number of blocks.

References
----------
N. Jouppi, G. Kurian, S. Li et al. (2023), "TPU v4: An Optically Reconfigurable Supercomputer for Machine Learning with
Hardware Support for Embeddings", ISCA 2023, section 2.
"""

from dataclasses import dataclass

from topodesign.domain.fabric_kinds import BLOCK_SIDE, ReconfigurableTorus
from topodesign.fabric.floor_plan import to_center_m

AXES = 3
PLACES_PER_FACE = BLOCK_SIDE**2
OPTICAL_LINKS_PER_BLOCK = 2 * AXES * PLACES_PER_FACE
"""Optical links out of a block: 96."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OcsPlant:
    """The optical circuit switches of a pod, and what of them a slice uses.

    ``strands`` are fibers from blocks to ports, one for each port in use: two make a link between accelerators.
    """

    switches: int
    ports: int
    spare_ports: int
    blocks: int
    slice_blocks: int

    @classmethod
    def of(cls, spec: ReconfigurableTorus) -> "OcsPlant":
        """The plant of the pod that a slice is taken from."""
        return cls(
            switches=AXES * PLACES_PER_FACE,
            ports=spec.ocs_ports,
            spare_ports=spec.spare_ports,
            blocks=spec.pod_blocks,
            slice_blocks=0 if spec.is_inside_block else spec.blocks,
        )

    @property
    def usable_ports(self) -> int:
        """Ports of one OCS that may be wired to blocks."""
        return self.ports - self.spare_ports

    @property
    def idle_ports(self) -> int:
        """Usable ports of one OCS that no block is wired to."""
        return self.usable_ports - 2 * self.blocks

    @property
    def strands(self) -> int:
        """Fibers of the whole pod."""
        return OPTICAL_LINKS_PER_BLOCK * self.blocks

    @property
    def slice_strands(self) -> int:
        """Fibers that the slice uses."""
        return OPTICAL_LINKS_PER_BLOCK * self.slice_blocks

    @property
    def slice_links(self) -> int:
        """Links between accelerators of the slice that run through an OCS."""
        return self.slice_strands // 2

    @property
    def links_per_switch(self) -> int:
        """Links of the slice that one OCS carries: all are lost with it."""
        return self.slice_blocks

    @property
    def cable_m(self) -> float:
        """Longest fiber from a block's rack to the switches in the middle of the pod and on to another rack, metres."""
        return 2 * to_center_m(self.blocks)


def ocs_number(axis: int, first_place: int, second_place: int) -> int:
    """Number of the OCS of an axis (0 to 2) and a place of the face: the other two coordinates within the block."""
    return (axis * BLOCK_SIDE + first_place) * BLOCK_SIDE + second_place
