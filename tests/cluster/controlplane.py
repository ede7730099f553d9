from __future__ import annotations

import subprocess
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from socket import create_server

import httpx

from scripts.servers.cluster import PROGRAMS
from tests.cluster.authority import HERE, Authority
from tests.support.servers.killing import until

ADMINISTRATORS = "system:masters"
STARTING_SECONDS = 120
STOPPING_SECONDS = 20
STAGES = Path(__file__).with_name("stages.yaml")


def free_ports(number: int) -> list[int]:
    with ExitStack() as held:
        return [held.enter_context(closing(create_server((HERE, 0)))).getsockname()[1] for _ in range(number)]


@dataclass
class ControlPlane:
    # kwok takes the place of kubelets.
    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.folder / "pki").mkdir()
        self.authority = Authority(self.folder / "pki")
        ports = free_ports(6)
        self.store, self.peers, self.api, self.controllers, self.scheduler, self.nodes = ports
        self.server = f"https://{HERE}:{self.api}"
        self.admin = self.authority.kubeconfig(self.server, "admin", ADMINISTRATORS)

    def start(self) -> None:
        # Each process is healthy when this returns.
        self._start_store()
        self._start_api()
        self._start_workers()

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.kill()
        for process in self.processes:
            process.wait(STOPPING_SECONDS)

    def client(self) -> httpx.Client:
        # The client has administrator rights.
        who = self.authority.issue("client", ADMINISTRATORS)
        return httpx.Client(base_url=self.server, verify=self.authority.trust(who), timeout=60)

    def _start_store(self) -> None:
        who = self.authority.issue("etcd")
        self._run(
            "etcd",
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls=https://{HERE}:{self.store}",
            f"--advertise-client-urls=https://{HERE}:{self.store}",
            f"--listen-peer-urls=http://{HERE}:{self.peers}",
            f"--initial-advertise-peer-urls=http://{HERE}:{self.peers}",
            f"--initial-cluster=default=http://{HERE}:{self.peers}",
            f"--cert-file={who.certificate}",
            f"--key-file={who.key}",
            f"--trusted-ca-file={self.authority.certificate}",
            "--client-cert-auth",
            "--unsafe-no-fsync",
        )

    def _start_api(self) -> None:
        who, signing = self.authority.issue("kube-apiserver"), self.authority.signing_key()
        self._run(
            "kube-apiserver",
            f"--etcd-servers=https://{HERE}:{self.store}",
            f"--etcd-cafile={self.authority.certificate}",
            f"--etcd-certfile={who.certificate}",
            f"--etcd-keyfile={who.key}",
            f"--bind-address={HERE}",
            f"--advertise-address={HERE}",
            "--endpoint-reconciler-type=none",
            f"--secure-port={self.api}",
            f"--tls-cert-file={who.certificate}",
            f"--tls-private-key-file={who.key}",
            f"--client-ca-file={self.authority.certificate}",
            "--authorization-mode=Node,RBAC",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={signing}",
            f"--service-account-signing-key-file={signing}",
            "--service-cluster-ip-range=10.96.0.0/16",
        )
        self._wait("kube-apiserver", f"{self.server}/readyz")

    def _start_workers(self) -> None:
        signing, own = self.folder / "pki" / "service-accounts.key", self.authority.issue("workers")
        serving = [f"--tls-cert-file={own.certificate}", f"--tls-private-key-file={own.key}", f"--bind-address={HERE}"]
        self._run(
            "kube-controller-manager",
            f"--kubeconfig={self.authority.kubeconfig(self.server, 'system:kube-controller-manager')}",
            f"--service-account-private-key-file={signing}",
            f"--root-ca-file={self.authority.certificate}",
            "--use-service-account-credentials",
            "--leader-elect=false",
            f"--secure-port={self.controllers}",
            *serving,
        )
        self._run(
            "kube-scheduler",
            f"--kubeconfig={self.authority.kubeconfig(self.server, 'system:kube-scheduler')}",
            "--leader-elect=false",
            f"--secure-port={self.scheduler}",
            *serving,
        )
        self._run(
            "kwok",
            f"--kubeconfig={self.admin}",
            f"--config={STAGES}",
            "--manage-all-nodes=true",
            "--node-lease-duration-seconds=40",
            f"--server-address={HERE}:{self.nodes}",
        )
        self._wait("kube-controller-manager", f"https://{HERE}:{self.controllers}/healthz")
        self._wait("kube-scheduler", f"https://{HERE}:{self.scheduler}/readyz")
        self._wait("kwok", f"http://{HERE}:{self.nodes}/healthz")

    def _run(self, program: str, *arguments: str) -> None:
        with (self.folder / f"{program}.log").open("ab") as log:
            command = [str(PROGRAMS / program), *arguments]
            self.processes.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder))

    def _wait(self, program: str, address: str) -> None:
        with self.client() as client:
            well = until(lambda: bool(self._ended()) or _answers(client, address), STARTING_SECONDS)
        log = (self.folder / f"{program}.log").read_text()[-4000:]
        assert well, f"{program} is not ready:\n{log}"
        assert not self._ended(), f"{self._ended()} ended:\n{log}"

    def _ended(self) -> list[str]:
        return [str(process.args) for process in self.processes if process.poll() is not None]


def _answers(client: httpx.Client, address: str) -> bool:
    try:
        return client.get(address).is_success
    except httpx.HTTPError:
        return False
