"""A lower bound of the bisection width by the spectrum, with switches of weight 0, and the vector that goes with it.

Let L be the Laplacian of capacities, x the indicator of one side, split into hosts h and switches s. The cut is x'Lx.
For given hosts the best switches cut at least what the best real values do, h'Kh with the Schur complement
K = L_hh - L_hs L_ss^-1 L_sh. The part of h that is orthogonal to the constant vector has the squared length
A B / N for sides of A and B hosts (A + B = N), and K is 0 on constants. So the cut is at least mu A B / N, mu the
second smallest eigenvalue of K. Without switches that is Fiedler's bound, N mu / 4 for even halves.

Twins are pooled with weight w: vectors that are constant on twins are the eigenvectors of L x = mu W x of the quotient,
and those that sum to 0 over twins have their capacity as eigenvalue.

References
----------
M. Fiedler (1975), "A property of eigenvectors of nonnegative symmetric matrices", Czechoslovak Mathematical Journal 25.
B. Mohar, S. Poljak (1993), "Eigenvalues in combinatorial optimization", section 3: bisection.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh
from scipy.sparse import csc_array, csr_array, diags_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh, splu

from topodesign.fabric.graph import Counts, FabricGraph, Lengths
from topodesign.fabric.quotient import Quotient

SHIFT = 1e-3
"""Share of the mean weighted degree that is added so that the matrix can be factored."""
MARGIN = 1e-6
"""Relative error of an eigenvalue that is allowed for."""
MOST_FACTORED = 6_000
"""Vertices of the quotient up to which the Laplacian is factored: factors of expanders fill the memory."""
MOST_MULTIPLIED = 100_000
"""Vertices up to which a graph is treated by products with its Laplacian alone."""
MOST_PRODUCTS = 3_000_000_000
"""Vertices and edges of all products of one eigenvalue: about fifteen seconds, after which there is none."""
FEWEST_ITERATED = 64
"""Below so many classes all eigenvalues are computed; Lanczos needs room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spectrum:
    """``mu`` of the module's bound (0: none is known), and a value per accelerator whose order suggests a cut."""

    mu: float
    vector: Lengths


def spectrum_of(graph: FabricGraph, reduced: Quotient, *, may_part: bool = True) -> Spectrum | None:
    """Second smallest eigenvalue and its vector; ``None`` where the graph is too small or large, or no convergence.

    ``may_part``: whether accelerators of one class may be on two sides, so that their links bound the eigenvalue too.
    """
    small, classes = reduced.graph, len(reduced.weight)
    if graph.hosts < 2 or small.vertices > MOST_MULTIPLIED:
        return None
    together = _twin_capacity(reduced) if may_part else np.inf
    if classes == 1:
        return Spectrum(mu=together, vector=np.arange(graph.hosts, dtype=float))
    if len(small.a) == 0:
        return None
    parts = _parts(small)
    try:
        mu, vector = _by_factors(reduced, parts) if small.vertices <= MOST_FACTORED else _by_products(reduced)
    except ArpackNoConvergence:  # a bound less, not an error: the other certificates stand
        return None
    is_whole = len(np.unique(parts[:classes])) == 1
    bound = max(0.0, min(mu, together)) if is_whole else 0.0
    return Spectrum(mu=bound, vector=vector[reduced.members])


def _by_factors(reduced: Quotient, parts: Counts) -> tuple[float, Lengths]:
    """The largest eigenvalue of (W^-1/2 K W^-1/2 + shift)^-1 but for its known vector root(w) of eigenvalue 1/shift."""
    small, weight = reduced.graph, reduced.weight.astype(float)
    classes, hosts = len(weight), float(weight.sum())
    shift = SHIFT * 2 * float(small.capacity.sum()) / hosts
    apart = ~np.isin(parts, parts[:classes])
    mass = apart.astype(float)  # keeps the matrix regular; such switches are joined to no accelerator
    mass[:classes] = weight
    factored = splu((_laplacian(small) + diags_array(shift * mass)).tocsc())
    root = np.sqrt(weight)

    def inverse(vector: Lengths) -> Lengths:
        full = np.zeros(small.vertices)
        full[:classes] = root * vector.ravel()
        found: Lengths = root * factored.solve(full)[:classes] - root * (root @ vector.ravel()) / (hosts * shift)
        return found

    value, vector = _largest(inverse, classes)
    return (1 / value) * (1 - MARGIN) - shift, vector / root


def _by_products(reduced: Quotient) -> tuple[float, Lengths]:
    """The largest eigenvalue of c - W^-1/2 L W^-1/2 but for its known vector root(w) of eigenvalue c.

    c is twice the largest capacity of a vertex over its weight. Vertices without weight get some, E together, so little
    that c stays: sides of A and B accelerators with e and E - e of it then weigh A + e and B + E - e, and
    (A + e) (B + E - e) / (N + E) >= A B / N whatever e is (it is concave in e, and at both ends no less). So the bound
    of the module holds with this eigenvalue, too.
    """
    small, weight = reduced.graph, reduced.weight.astype(float)
    laplacian = _laplacian(small)
    own = laplacian.diagonal()
    most = float((own[: len(weight)] / weight).max())
    added = own[len(weight) :] / most if most else np.zeros(small.switches)
    weight = np.concatenate([weight, np.where(added > 0, added, 1.0)])
    root, top = np.sqrt(weight), 2 * most
    null = root / np.linalg.norm(root)

    def shifted(vector: Lengths) -> Lengths:
        centered = vector.ravel() - null * (null @ vector.ravel())
        found: Lengths = top * centered - (laplacian @ (centered / root)) / root
        projected: Lengths = found - null * (null @ found)
        return projected

    value, vector = _largest(
        shifted, small.vertices, most_restarts=MOST_PRODUCTS // (64 * (small.vertices + len(small.a)))
    )
    mu = (top - value) - MARGIN * MARGIN * top - MARGIN * (top - value)
    scaled: Lengths = vector / root
    return mu, scaled[: len(reduced.weight)]


def _largest(
    inverse: Callable[[Lengths], Lengths], size: int, *, most_restarts: int | None = None
) -> tuple[float, Lengths]:
    operator = LinearOperator((size, size), matvec=inverse, dtype=float)
    if size < FEWEST_ITERATED:
        values, vectors = eigh(operator @ np.eye(size))
    else:
        start = np.random.default_rng(0).standard_normal(size)
        values, vectors = eigsh(operator, k=1, which="LA", v0=start, tol=1e-9, ncv=min(size, 64), maxiter=most_restarts)
    return float(values[-1]), vectors[:, -1]


def _twin_capacity(reduced: Quotient) -> float:
    """Least capacity of one accelerator that has a twin; infinite without twins."""
    graph, weight = reduced.graph, reduced.weight
    pooled = np.bincount(graph.a, weights=graph.capacity, minlength=graph.vertices)[: graph.hosts]
    return float((pooled / weight)[weight > 1].min(initial=np.inf))


def _parts(graph: FabricGraph) -> Counts:
    """Connected component of every vertex."""
    links = csr_array((np.ones(len(graph.a)), (graph.a, graph.z)), shape=(graph.vertices, graph.vertices))
    found: Counts = connected_components(links, directed=False)[1].astype(np.int64)
    return found


def _laplacian(graph: FabricGraph) -> csc_array:
    rows = np.concatenate([graph.a, graph.z, graph.a, graph.z])
    columns = np.concatenate([graph.z, graph.a, graph.a, graph.z])
    values = np.concatenate([-graph.capacity, -graph.capacity, graph.capacity, graph.capacity])
    return csc_array((values, (rows, columns)), shape=(graph.vertices, graph.vertices))
