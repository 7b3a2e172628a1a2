# %% [markdown]
# # The United States: where does the money go?
#
# Thirty-six sites in fourteen balancing authorities, about 5 GW in four to eight of them
# ([the data](../samples/us-multi-region.md)). To be quick this stops within 5 % of the proven bound, after some two
# seconds; `gap=0.002` takes some twenty.

# %%
import topodesign as td

scenario = td.load_scenario("sample_sites/us-multi-region")
plan = td.plan(scenario, gap=0.05, time_limit_s=600)
print(f"{plan.cost_usd / 1e9:.2f} billion USD, no plan below {plan.lower_bound_usd / 1e9:.2f}; {len(plan.sites)} sites")

# %% [markdown]
# The cost by item. Accelerators are not part of it.

# %%
for name, usd in sorted(plan.cost_items.items(), key=lambda item: -item[1]):
    if usd:
        print(f"{name:<20} {usd / 1e6:>10,.1f} M USD {usd / plan.cost_usd:>6.1%}")
print(f"accelerators, beside it: {plan.accelerator_purchase_usd / 1e9:.0f} billion USD")

# %% [markdown]
# The verifier again, on its own: it knows only the scenario and the plan.

# %%
verification = td.verify(scenario, plan)
print(verification.valid, [violation.rule for violation in verification.violations])

# %% [markdown]
# The longest lightpath. No mode reaches so far in one go, as the design of such a link says, so the plan regenerates
# the light on the way.

# %%
longest = max(plan.lightpaths, key=lambda path: path.length_km)
print(f"{longest.a} - {longest.z}: {longest.length_km:,.0f} km by {longest.mode}, again at {longest.regenerations}")
print(td.design_link(longest.length_km).explanation[0])
