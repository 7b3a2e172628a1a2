"""What sets of sites can hold of the size target."""

import math
from collections.abc import Collection

import numpy as np

from topodesign.planning.instance import Floats, Instance, Ints, target_pods


class Holding:
    """What sets of sites can hold, in the unit of the size target (pods, or MW)."""

    def __init__(self, instance: Instance) -> None:
        scenario = instance.scenario
        pods = target_pods(scenario)
        self.target = float(pods) if pods is not None else float(scenario.size.power_mw or 0.0)
        self.amount = np.array([1.0 if pods is not None else site.pod_mw for site in instance.sites])
        self._site_most = self.amount * np.array([float(site.most_pods) for site in instance.sites])
        self._zone = np.array(
            [list(scenario.zone_by_id).index(site.site.zone_id) for site in instance.sites], dtype=np.int64
        )
        zones = list(scenario.zone_by_id.values())
        least_mw = [
            min((s.pod_mw for s in instance.sites if s.site.zone_id == zone.zone_id), default=math.inf)
            for zone in zones
        ]
        self._zone_most = np.array(
            [
                math.floor(zone.headroom_mw / mw + 1e-9) if pods is not None else zone.headroom_mw
                for zone, mw in zip(zones, least_mw, strict=True)
            ]
        )
        self._share = scenario.policy.max_zone_share
        self._most_sites = scenario.policy.max_sites or len(instance.sites)

    def most(self, sites: Collection[int] | Ints) -> float:
        """An upper bound on what these sites can hold together."""
        return self._most(sites, self._zone_most)

    def can_hold_target(self, sites: Collection[int] | Ints) -> bool:
        """Whether these sites alone might hold the target.

        A zone holds at most its share of the total t; (sum of zone maxima)(t) - t is concave and 0 at t = 0, so if
        any total above the target fits, the target fits.
        """
        zone_most = np.minimum(self._zone_most, self._share * self.target)
        return self._most(sites, zone_most) >= self.target - 1e-6

    def _most(self, sites: Collection[int] | Ints, zone_most: Floats) -> float:
        members = np.asarray(sorted(sites), dtype=np.int64)
        if len(members) == 0:
            return 0.0
        by_zone = np.bincount(self._zone[members], weights=self._site_most[members], minlength=len(zone_most))
        largest = np.sort(np.minimum(self._site_most[members], zone_most[self._zone[members]]))[::-1]
        return float(min(np.minimum(by_zone, zone_most).sum(), largest[: self._most_sites].sum()))
