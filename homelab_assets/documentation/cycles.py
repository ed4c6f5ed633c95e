"""Services that need one another in a circle."""

from collections.abc import Iterable

from homelab_assets.documentation.estate import Key


def cycles(needs: Iterable[tuple[Key, Key]]) -> tuple[tuple[Key, ...], ...]:
    """Return the groups of services that need one another, sorted: strongly connected components of more than one.

    Tarjan's algorithm without recursion, so that a long chain does not exhaust the stack.

    Args:
        needs: pairs of who needs and what is needed.
    """
    graph: dict[Key, list[Key]] = {}
    for source, target in needs:
        graph.setdefault(source, []).append(target)
        graph.setdefault(target, [])
    index: dict[Key, int] = {}
    low: dict[Key, int] = {}
    stack: list[Key] = []
    on_stack: set[Key] = set()
    groups: list[tuple[Key, ...]] = []
    for root in graph:
        work = [(root, iter(graph[root]))] if root not in index else []
        while work:
            key, rest = work[-1]
            if key not in index:
                index[key] = low[key] = len(index)
                stack.append(key)
                on_stack.add(key)
            for target in rest:
                if target not in index:
                    work.append((target, iter(graph[target])))
                    break
                if target in on_stack:
                    low[key] = min(low[key], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[key])
                if low[key] == index[key]:
                    group = stack[stack.index(key) :]
                    del stack[stack.index(key) :]
                    on_stack.difference_update(group)
                    if len(group) > 1:
                        groups.append(tuple(sorted(group)))
    return tuple(sorted(groups))
