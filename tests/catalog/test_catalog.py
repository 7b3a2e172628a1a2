"""The built-in catalogue: complete origins, published figures, overrides and their errors."""

import pytest

from topodesign.catalog import figures_of, known_keys, load_catalog
from topodesign.catalog.loading import read_items
from topodesign.domain.equipment import Catalog, FiberKind
from topodesign.domain.errors import InternalError, InvalidInput, NotFound

FIBER = """
[[fiber]]
id = "glass"
name = "Glass"
loss_db_per_km = 0.2
dispersion_ps_nm_km = 17
effective_area_um2 = 80
nonlinear_index_m2_w = 2.6e-20
group_index = 1.468
"""
ORIGIN = '{ source = "a book", date = "2020-01", confidence = "high" }'


def items_of(catalog: Catalog) -> list[object]:
    return [
        *catalog.accelerators,
        *catalog.switches,
        *catalog.cables,
        *catalog.transceivers,
        *catalog.grey_optics,
        *catalog.line_systems,
        *catalog.fibers,
        *catalog.reliabilities,
        *catalog.huts,
        *catalog.modules,
        *catalog.adapters,
        *catalog.circuit_switches,
    ]


def test_every_figure_has_a_dated_source() -> None:
    for item in items_of(load_catalog()):
        for figure in figures_of(item):
            if getattr(item, figure) is None:
                continue  # not given: only a mode whose reach was measured has one
            origin = item.origins.get(figure) or item.origins["*"]  # type: ignore[attr-defined]
            assert origin.source and len(origin.date) >= 7


def test_catalogue_without_overrides_is_read_once() -> None:
    assert load_catalog() is load_catalog({})


def test_published_mode_figures() -> None:
    # 400ZR: OIF-400ZR-01.0. OpenZR+ 400G: GNPy example equipment, mode SFF-ID 70. 800G: OpenROADM optical spec 9.0.
    catalog = load_catalog()
    zr, zr_plus, open_800 = (catalog.transceiver(name) for name in ("zr-400", "zrplus-400", "openroadm-800"))
    assert (zr.baud_gbd, zr.required_osnr_db, zr.max_km, zr.max_spans) == (59.84375, 26.0, 120, 1)
    assert (zr_plus.baud_gbd, zr_plus.required_osnr_db, zr_plus.max_dispersion_ps_nm) == (60.1385, 24.0, 20000)
    assert (open_800.baud_gbd, open_800.required_osnr_db, open_800.tx_osnr_db) == (118.2, 27.0, 37.0)


def test_a_c_band_pair_holds_64_channels_of_75_ghz() -> None:
    # 4.8 THz / 75 GHz = 64; 64 x 400 Gbit/s = 25.6 Tbit/s, the published capacity of a pair.
    catalog = load_catalog()
    mode = catalog.transceiver("zrplus-400")
    channels = catalog.line_system("c-band").band_ghz // mode.width_ghz
    assert channels * mode.rate_gbps == 25_600


def test_gb300_power_is_that_of_its_rack_plan() -> None:
    # 18 trays x (4 x 1.4 + 1 + 0.9) kW = 135 kW for 72 GPUs.
    assert load_catalog().accelerator("gb300-nvl72").all_in_w == pytest.approx(18 * (4 * 1.4 + 1 + 0.9) * 1000 / 72)


def test_cable_cuts_are_the_published_4_39_a_year_and_1000_sheath_miles() -> None:
    # Bellcore and FCC figures as quoted by To and Neusy 1994 and Grover 2003; a mile is 1.609344 km: 2.728
    assert load_catalog().reliability().cuts_per_1000km_year == pytest.approx(4.39 / 1.609344, abs=0.005)


def test_override_replaces_one_figure_and_says_so() -> None:
    catalog = load_catalog({"transceiver.zrplus-400": {"cost_usd": 4321}})
    mode = catalog.transceiver("zrplus-400")
    assert mode.cost_usd == 4321
    assert mode.origins["cost_usd"].source == "scenario override"
    assert mode.power_w == load_catalog().transceiver("zrplus-400").power_w
    assert load_catalog().transceiver("zrplus-400").cost_usd != 4321


def test_whole_number_figures_accept_whole_floats_only() -> None:
    assert load_catalog({"transceiver.zr-400": {"max_spans": 2.0}}).transceiver("zr-400").max_spans == 2
    with pytest.raises(InvalidInput, match=r"max_spans is 1\.5.*whole number"):
        load_catalog({"transceiver.zr-400": {"max_spans": 1.5}})


@pytest.mark.parametrize(
    ("overrides", "reason", "hint"),
    [
        ({"transceiver.zrplus-40": {"cost_usd": 1.0}}, "EQUIPMENT_UNKNOWN", "transceiver.zrplus-400"),
        ({"transciever.zr-400": {"cost_usd": 1.0}}, "EQUIPMENT_UNKNOWN", "transceiver.zr-400"),
        ({"transceiver.zr-400": {"cost": 1.0}}, "FIGURE_UNKNOWN", "cost_usd"),
        ({"line_system.c-band": {"name": 1.0}}, "FIGURE_UNKNOWN", "known"),
        ({"transceiver.zr-400": {"cost_usd": -1.0}}, "FIELD_INVALID", "at least 0"),
        ({"transceiver.zr-400": {"cost_usd": float("nan")}}, "FIELD_INVALID", "finite"),
        ({"switch.ndr-64x400g": {"radix": float("inf")}}, "FIELD_INVALID", "whole"),
        ({"ocs.ocs-136": {"spare_ports": 135}}, "FIELD_INVALID", "at most 134"),
        ({"module.dr4-400g": {"cost_usd": -1.0}}, "FIELD_INVALID", "at least 0"),
        ({"cable.dr4-400g": {"medium": 1.0}}, "FIGURE_UNKNOWN", "known"),
        ({"fiber.ssmf": {"dispersion_ps_nm_km": 0.0}}, "FIELD_INVALID", "other than 0"),
        ({"fiber.ssmf": {"pmd_ps_sqrt_km": -0.1}}, "FIELD_INVALID", "at least 0"),
        ({"reliability.default": {"cut_per_1000km_year": 1.0}}, "FIGURE_UNKNOWN", "cuts_per_1000km_year"),
        ({"reliability.default": {"spares_service_level": 1.0}}, "FIELD_INVALID", "at most 0.999999"),
        ({"reliability.default": {"transceiver_mtbf_h": 0.0}}, "FIELD_INVALID", "at least 1"),
        ({"hut.default": {"pue": 0.9}}, "FIELD_INVALID", "at least 1"),
    ],
)
def test_wrong_override_is_refused_with_a_hint(overrides: dict[str, dict[str, float]], reason: str, hint: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        load_catalog(overrides)
    assert caught.value.reason == reason
    assert hint in caught.value.message
    assert caught.value.field_path.startswith("catalog.")


def test_unknown_id_names_the_nearest_or_the_known_ones() -> None:
    with pytest.raises(NotFound, match=r"did you mean 'zrplus-400'"):
        load_catalog().transceiver("ZRplus400")
    with pytest.raises(NotFound, match=r"known: .*ssmf"):
        load_catalog().fiber("glass")


def test_known_keys_are_the_override_keys() -> None:
    some = {"accelerator.gb300-nvl72", "cable.dac-400g", "line_system.c+l-band", "module.dr4-400g", "ocs.ocs-136"}
    assert some <= set(known_keys())
    for key in known_keys():
        table, _, item = key.partition(".")
        assert getattr(load_catalog(), table)(item).id == item


def test_every_cable_with_modules_names_modules_of_its_rate() -> None:
    catalog = load_catalog()
    named = [cable for cable in catalog.cables if cable.module]
    assert {cable.medium for cable in named} == {"optics", "ocs"}
    for cable in named:
        assert catalog.module(cable.module).port_gbps == cable.port_gbps


def test_item_with_a_figure_without_origin_is_refused() -> None:
    text = FIBER + f"[fiber.origins]\ngroup_index = {ORIGIN}\n"
    with pytest.raises(InternalError, match="no origin for loss_db_per_km"):
        read_items(text, "fiber", FiberKind, file_name="fibers.toml")


def test_origin_of_a_figure_that_does_not_exist_is_refused() -> None:
    text = FIBER + f'[fiber.origins]\n"*" = {ORIGIN}\nloss = {ORIGIN}\n'
    with pytest.raises(InternalError, match="origin for loss,"):
        read_items(text, "fiber", FiberKind, file_name="fibers.toml")


def test_origin_without_confidence_is_refused() -> None:
    text = FIBER + '[fiber.origins]\n"*" = { source = "a book", date = "2020-01" }\n'
    with pytest.raises(InternalError, match="confidence"):
        read_items(text, "fiber", FiberKind, file_name="fibers.toml")


def test_repeated_id_is_refused() -> None:
    text = (FIBER + f'[fiber.origins]\n"*" = {ORIGIN}\n') * 2
    with pytest.raises(InternalError, match="more than once"):
        read_items(text, "fiber", FiberKind, file_name="fibers.toml")


def test_a_reach_can_be_given_to_a_mode_that_has_none() -> None:
    catalog = load_catalog({"transceiver.zr-400": {"reach_km": 95.0}, "grey_optic.400g-fr4": {"cost_usd": 500.0}})
    assert catalog.transceiver("zr-400").reach_km == 95
    assert catalog.transceiver("zr-400").origins["reach_km"].source == "scenario override"
    assert load_catalog().transceiver("zr-400").reach_km is None
    assert catalog.grey_optic("400g-fr4").cost_usd == 500


@pytest.mark.parametrize(
    ("key", "figures"),
    [
        ("transceiver.zr-400", {"reach_km": 0.0}),
        ("transceiver.zr-400", {"reach_km": -1.0}),
        ("transceiver.zr-400", {"reach_km": float("nan")}),
        ("transceiver.flexwan-400-75", {"reach_km": 100_000.0}),
        ("transceiver.zr-400", {"catalog": 1.0}),
        ("grey_optic.400g-fr4", {"fiber_pairs": 1.5}),
        ("grey_optic.400g-fr4", {"fiber_pairs": 0.0}),
        ("grey_optic.400g-fr5", {"cost_usd": 1.0}),
    ],
)
def test_a_reach_or_grey_figure_that_makes_no_sense_is_refused(key: str, figures: dict[str, float]) -> None:
    with pytest.raises(InvalidInput, match=key):
        load_catalog({key: figures})


def test_what_items_share_stands_once_in_their_file() -> None:
    text = (
        'defaults = { group_index = 1.5, origins = { "*" = '
        + ORIGIN
        + " } }\n"
        + FIBER.replace("group_index = 1.468", "")
    )
    (item,) = read_items(text, "fiber", FiberKind, file_name="fibers.toml")
    assert item.group_index == 1.5
    assert item.origins["*"].source == "a book"
