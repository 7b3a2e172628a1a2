"""Plans for an uncertain future: two-stage siting, regret, and the stress of a given plan."""
