"""The catalogue: all equipment by id. Prices are indicative unless their confidence says otherwise.

What equipment there is stands beside it, in fabric_equipment, optical_equipment and reliability; all of it can be
imported from here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

from topodesign.domain.errors import InvalidInput, NotFound
from topodesign.domain.fabric_equipment import Accelerator as Accelerator
from topodesign.domain.fabric_equipment import CableClass as CableClass
from topodesign.domain.fabric_equipment import CableMedium as CableMedium
from topodesign.domain.fabric_equipment import CircuitSwitch as CircuitSwitch
from topodesign.domain.fabric_equipment import NetworkAdapter as NetworkAdapter
from topodesign.domain.fabric_equipment import OpticalModule as OpticalModule
from topodesign.domain.fabric_equipment import Switch as Switch
from topodesign.domain.nearest import nearest
from topodesign.domain.optical_equipment import FiberKind as FiberKind
from topodesign.domain.optical_equipment import GreyOptic as GreyOptic
from topodesign.domain.optical_equipment import HutKind as HutKind
from topodesign.domain.optical_equipment import LineSystem as LineSystem
from topodesign.domain.optical_equipment import ModeCatalog as ModeCatalog
from topodesign.domain.optical_equipment import TransceiverMode as TransceiverMode
from topodesign.domain.origin import Confidence as Confidence
from topodesign.domain.origin import Origin as Origin
from topodesign.domain.origin import origin_of as origin_of
from topodesign.domain.reliability import Reliability as Reliability

Equipment = (
    Accelerator
    | Switch
    | CableClass
    | OpticalModule
    | NetworkAdapter
    | CircuitSwitch
    | TransceiverMode
    | GreyOptic
    | LineSystem
    | FiberKind
    | Reliability
    | HutKind
)
EquipmentKind = Literal[
    "accelerator",
    "switch",
    "cable",
    "module",
    "adapter",
    "ocs",
    "transceiver",
    "grey_optic",
    "line_system",
    "fiber",
    "hut",
    "reliability",
]
"""Tables of the catalogue, as the keys of a scenario's overrides name them; ``ocs`` are optical circuit switches."""
KIND_OF: Mapping[type, EquipmentKind] = {
    Accelerator: "accelerator",
    Switch: "switch",
    CableClass: "cable",
    OpticalModule: "module",
    NetworkAdapter: "adapter",
    CircuitSwitch: "ocs",
    TransceiverMode: "transceiver",
    GreyOptic: "grey_optic",
    LineSystem: "line_system",
    FiberKind: "fiber",
    HutKind: "hut",
    Reliability: "reliability",
}


def require_kind(kind: str | None) -> None:
    """Raise :class:`InvalidInput` (``KIND_UNKNOWN``) for a kind of equipment that there is not; ``None`` is any."""
    known = get_args(EquipmentKind)
    if kind is not None and kind not in known:
        raise InvalidInput(
            f"kind is {kind!r}, but it must be one of {', '.join(known)}; {nearest(str(kind), known)}",
            reason="KIND_UNKNOWN",
            field_path="kind",
            metadata={"value": repr(kind)},
        )


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """All equipment by id, after a scenario's overrides. ``transceivers`` are the modes of all sets of modes."""

    accelerators: tuple[Accelerator, ...]
    switches: tuple[Switch, ...]
    cables: tuple[CableClass, ...]
    transceivers: tuple[TransceiverMode, ...]
    line_systems: tuple[LineSystem, ...]
    fibers: tuple[FiberKind, ...]
    grey_optics: tuple[GreyOptic, ...] = ()
    reliabilities: tuple[Reliability, ...] = ()
    huts: tuple[HutKind, ...] = ()
    modules: tuple[OpticalModule, ...] = ()
    adapters: tuple[NetworkAdapter, ...] = ()
    circuit_switches: tuple[CircuitSwitch, ...] = ()

    def modes_of(self, catalog: ModeCatalog) -> tuple[TransceiverMode, ...]:
        """The modes of one set, by id."""
        return tuple(mode for mode in self.transceivers if mode.catalog == catalog)

    def equipment(self, kind: EquipmentKind | None = None) -> tuple[Equipment, ...]:
        """All equipment, or that of one kind, in the order of :data:`EquipmentKind`, then by id.

        Raises
        ------
        InvalidInput
            For a kind that there is not (``KIND_UNKNOWN``).
        """
        require_kind(kind)
        tables: Mapping[EquipmentKind, tuple[Equipment, ...]] = {
            "accelerator": self.accelerators,
            "switch": self.switches,
            "cable": self.cables,
            "module": self.modules,
            "adapter": self.adapters,
            "ocs": self.circuit_switches,
            "transceiver": self.transceivers,
            "grey_optic": self.grey_optics,
            "line_system": self.line_systems,
            "fiber": self.fibers,
            "hut": self.huts,
            "reliability": self.reliabilities,
        }
        wanted = tables.values() if kind is None else (tables[kind],)
        return tuple(item for items in wanted for item in sorted(items, key=lambda item: item.id))

    @cached_property
    def _by_key(self) -> Mapping[str, Equipment]:
        return {f"{KIND_OF[type(item)]}.{item.id}": item for item in self.equipment()}

    def accelerator(self, item_id: str, *, field: str = "") -> Accelerator:
        """One by id; :class:`NotFound` where there is none, with the field that named it."""
        item = self._get("accelerator", item_id, field=field)
        assert isinstance(item, Accelerator)
        return item

    def switch(self, item_id: str) -> Switch:
        item = self._get("switch", item_id)
        assert isinstance(item, Switch)
        return item

    def cable(self, item_id: str) -> CableClass:
        item = self._get("cable", item_id)
        assert isinstance(item, CableClass)
        return item

    def transceiver(self, item_id: str) -> TransceiverMode:
        item = self._get("transceiver", item_id)
        assert isinstance(item, TransceiverMode)
        return item

    def grey_optic(self, item_id: str) -> GreyOptic:
        item = self._get("grey_optic", item_id)
        assert isinstance(item, GreyOptic)
        return item

    def line_system(self, item_id: str) -> LineSystem:
        item = self._get("line_system", item_id)
        assert isinstance(item, LineSystem)
        return item

    def fiber(self, item_id: str) -> FiberKind:
        item = self._get("fiber", item_id)
        assert isinstance(item, FiberKind)
        return item

    def reliability(self, item_id: str = "default") -> Reliability:
        item = self._get("reliability", item_id)
        assert isinstance(item, Reliability)
        return item

    def hut(self, item_id: str = "default") -> HutKind:
        item = self._get("hut", item_id)
        assert isinstance(item, HutKind)
        return item

    def module(self, item_id: str) -> OpticalModule:
        item = self._get("module", item_id)
        assert isinstance(item, OpticalModule)
        return item

    def adapter(self, item_id: str) -> NetworkAdapter:
        item = self._get("adapter", item_id)
        assert isinstance(item, NetworkAdapter)
        return item

    def ocs(self, item_id: str) -> CircuitSwitch:
        item = self._get("ocs", item_id)
        assert isinstance(item, CircuitSwitch)
        return item

    def _get(self, table: str, item_id: str, *, field: str = "") -> object:
        try:
            return self._by_key[f"{table}.{item_id}"]
        except KeyError:
            known = [key.removeprefix(f"{table}.") for key in self._by_key if key.startswith(f"{table}.")]
            raise NotFound(
                f"no {table} {item_id!r} in the catalogue; {nearest(str(item_id), known)}",
                reason="EQUIPMENT_UNKNOWN",
                field_path=field,
                metadata={"id": item_id},
            ) from None
