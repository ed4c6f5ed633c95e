"""A host whose stacks are settled as git has them now, and what can be asked of it then: what its daemon does of its
own accord, what is a secret there, and how what runs compares with one of its stacks as git had it before."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain

from homelab_assets.compose.normalise import normalised_name
from homelab_assets.drift.binding_hosts import bind_to_hosts
from homelab_assets.drift.document import ServiceDrift
from homelab_assets.drift.learning import learn
from homelab_assets.drift.matching import Containers
from homelab_assets.drift.podman import as_docker
from homelab_assets.drift.policy import Policy
from homelab_assets.drift.service import Judge
from homelab_assets.drift.settling import settle_stack, settle_stacks
from homelab_assets.drift.unify import secrets_on
from homelab_assets.drift.view import Host
from homelab_assets.model import Baseline, Captured
from homelab_assets.secrecy import Vault
from homelab_assets.secrecy.values import Anywhere


class KnownHost:
    """What is known of a host.

    Attributes:
        host: knows what its daemon gives to every container, as far as the stacks of git on it show.
    """

    def __init__(self, captured: Captured, baselines: Sequence[Baseline], vault: Vault) -> None:
        self.host = Host(as_docker(captured))
        self._vault = vault
        self._containers = containers = Containers(self.host)
        bound = bind_to_hosts(baselines, {captured.host: containers}, [captured])
        here = (name for one in bound for name in one.project_names)
        self._names = frozenset(chain(here, (normalised_name(one.stack) for one in baselines)))
        settled = settle_stacks(bound, containers, vault, self._names, lambda one, error: containers.claim(one.group))
        self._stacks = [stack for _, stack in settled]
        learn(self.host, self._stacks)

    @cached_property
    def secrets(self) -> frozenset[str]:
        """What is a secret on the host by its name, in clear."""
        return frozenset(secrets_on(self._containers, self._stacks, self._vault))

    def verdicts(self, version: Baseline, policy: Policy, today: str) -> Iterator[ServiceDrift]:
        """Compare one stack as git had it in another version; all others are as they are now.

        Raises:
            UserError: Compose would refuse the files.
        """
        containers, claimed = self._containers, self._containers.claimed
        containers.claimed = claimed - self._claimed_by(version)
        try:
            settled = settle_stack(version, containers, self._vault, self._names)
        finally:
            containers.claimed = claimed
        judge = Judge(
            host=self.host,
            settled=settled,
            policy=policy,
            secrets=lambda: self._anywhere,
            today=today,
        )
        verdicts = (judge.judge(match)[0] for match in settled.matches)
        return (verdict for verdict in verdicts if verdict is not None)

    @cached_property
    def _anywhere(self) -> Anywhere:
        return Anywhere(self.secrets)

    def _claimed_by(self, version: Baseline) -> set[str]:
        stack = (version.repository, version.stack)
        mine = (one for one in self._stacks if (one.stack.baseline.repository, one.stack.baseline.stack) == stack)
        return {
            container.id for one in mine for match in one.matches for container in (*match.containers, *match.leftovers)
        }
