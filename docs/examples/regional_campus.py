# %% [markdown]
# # A region: what does protection cost?
#
# Twelve campuses in Northern Virginia, about 1 GW in at least four of them, 5 Pbit/s between them
# ([the data](../samples/regional-nova.md)). The plan that survives the cut of any conduit, beside one that survives
# none. Runs in a few seconds.

# %%
import dataclasses

import topodesign as td

scenario = td.load_scenario("sample_sites/regional-nova")
exposed = dataclasses.replace(scenario, policy=dataclasses.replace(scenario.policy, survive=("none",)))

# %% [markdown]
# A scenario is frozen; `dataclasses.replace` makes a changed one, which is checked like any other. Both plans come back
# verified, with a proven bound.

# %%
wanted = {"any one cut": scenario, "no cut": exposed}
plans = {survives: td.plan(asked, gap=0.005, time_limit_s=600) for survives, asked in wanted.items()}
for survives, plan in plans.items():
    print(f"survives {survives}: {plan.cost_usd / 1e6:,.0f} M USD, network {plan.network_cost_usd / 1e6:,.0f};")
    print(f"  proven within {plan.gap:.2%}, verified: {plan.verified}")
    for site in plan.sites:
        print(f"  {site.id}: {site.pods} pods, {site.power_mw:.0f} MW")

# %% [markdown]
# The bandwidth of an all-reduce over all sites. What is left after the worst failure decides whether training goes on
# at its pace.

# %%
for survives, plan in plans.items():
    sync = plan.sync
    print(f"survives {survives}: {sync.demand_gbps / 1e6:.1f} Pbit/s needed, {sync.strength_gbps / 1e6:.1f} there")
    if sync.worst_failure is not None:
        print(f"  {sync.worst_strength_gbps / 1e6:.1f} left after the cut of {sync.worst_failure}")
