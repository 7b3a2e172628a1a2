# %% [markdown]
# # Europe: with a price of carbon
#
# Forty-six sites in twenty-nine power zones, about 2 GW in four to eight of them ([the data](../samples/europe.md)),
# planned with 100 USD per tonne of carbon. To be quick this stops within 5 % of the proven bound, after some four
# seconds.

# %%
import dataclasses

import topodesign as td

scenario = td.load_scenario("sample_sites/europe")
priced = dataclasses.replace(scenario, economics=dataclasses.replace(scenario.economics, carbon_usd_per_t=100.0))
plan = td.plan(priced, gap=0.05, time_limit_s=600)
print(f"{plan.cost_usd / 1e9:.2f} billion USD, within {plan.gap:.1%} of the best")
print(f"of it carbon {plan.cost_items['carbon'] / 1e9:.2f}")

# %% [markdown]
# Where the pods went: cheap power, clean power and short fiber pull in different directions.

# %%
for site in plan.sites:
    place, zone = scenario.site_by_id[site.id], scenario.zone_by_id[site.zone_id]
    print(f"{place.name} ({zone.zone_id}): {site.power_mw:.0f} MW", end=" ")
    print(f"at {zone.energy_usd_per_mwh:.0f} USD/MWh and {zone.carbon_g_per_kwh:.0f} g/kWh")

# %% [markdown]
# How far apart they are, and how long in a year more than one conduit is cut at a time, so that the bandwidth is not
# guaranteed any more (cable cuts alone, equipment that never fails).

# %%
for link in plan.links:
    print(f"{link.a} - {link.z}: {link.capacity_gbps / 1e6:.1f} Pbit/s, longest lightpath {link.length_km:,.0f} km")
print(f"not guaranteed: {plan.availability.guaranteed.downtime_min_per_year:.0f} minutes a year")
