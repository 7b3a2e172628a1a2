"""Files made from a plan: GeoJSON, GeoPackage, GeoParquet, bill of materials, charts and the map report.

Nothing here decides or checks anything; every figure is of the plan, the scenario or the catalogue, or a sum.
"""

from topodesign.outputs.amplifier_sites import AmplifierPlace, AmplifierSite, amplifier_sites_of
from topodesign.outputs.bill_by_year import YearLine, bill_by_year, bill_by_year_csv
from topodesign.outputs.bill_lines import BillLine, bill_csv
from topodesign.outputs.bill_of_materials import bill_of_materials
from topodesign.outputs.chart_style import png_bytes, svg_bytes
from topodesign.outputs.chart_words import CHART_WORDS
from topodesign.outputs.charts_of_plan import charts_of_plan
from topodesign.outputs.cost_chart import cost_chart
from topodesign.outputs.fabric_bill_table import fabric_bill_csv
from topodesign.outputs.fabric_charts import fabric_chart
from topodesign.outputs.fabric_comparison_chart import fabric_comparison_chart
from topodesign.outputs.geodataframes import plan_to_geodataframes, write_geopackage, write_geoparquet
from topodesign.outputs.geojson import geojson_bytes, plan_to_geojson
from topodesign.outputs.network_chart import network_chart
from topodesign.outputs.power_chart import power_chart
from topodesign.outputs.progress_chart import progress_chart
from topodesign.outputs.properties import LAYER_MEANING, LAYERS, PROPERTIES, Property
from topodesign.outputs.rebuilding import rebuild
from topodesign.outputs.report import render_report
from topodesign.outputs.saving import load_plan, save_plan
from topodesign.outputs.scenario_copy import scenario_beside
from topodesign.outputs.target import OUTPUT_FILES, require_usable_target
from topodesign.outputs.training_chart_of_plan import training_chart
from topodesign.outputs.training_charts import (
    cost_over_sites,
    goodput_over_size,
    utilization_over_bandwidth,
    utilization_over_distance,
)
from topodesign.outputs.training_curves import CostPoint, cost_points, methods_beside

__all__ = [
    "CHART_WORDS",
    "LAYERS",
    "LAYER_MEANING",
    "OUTPUT_FILES",
    "PROPERTIES",
    "AmplifierPlace",
    "AmplifierSite",
    "BillLine",
    "CostPoint",
    "Property",
    "YearLine",
    "amplifier_sites_of",
    "bill_by_year",
    "bill_by_year_csv",
    "bill_csv",
    "bill_of_materials",
    "charts_of_plan",
    "cost_chart",
    "cost_over_sites",
    "cost_points",
    "fabric_bill_csv",
    "fabric_chart",
    "fabric_comparison_chart",
    "geojson_bytes",
    "goodput_over_size",
    "load_plan",
    "methods_beside",
    "network_chart",
    "plan_to_geodataframes",
    "plan_to_geojson",
    "png_bytes",
    "power_chart",
    "progress_chart",
    "rebuild",
    "render_report",
    "require_usable_target",
    "save_plan",
    "scenario_beside",
    "svg_bytes",
    "training_chart",
    "utilization_over_bandwidth",
    "utilization_over_distance",
    "write_geopackage",
    "write_geoparquet",
]
