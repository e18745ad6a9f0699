"""The units of examples/gitops with a repository on a server: over SSH with a deploy key, and over HTTPS."""

import pytest

from tests.lab.network import know_name
from tests.system.git_machine import CONF, FETCH, RECORD, REPOSITORY, Repository, repository
from tests.system.installation import SETTLED, Installation

__all__ = ["repository"]

pytestmark = [
    pytest.mark.system,
    pytest.mark.parametrize("installation", ["nginx-rtmp"], indirect=True, scope="module"),
]

HOST = "git.example.org"  # known in the container alone, as 127.0.0.1
DEPLOY_KEY, KNOWN_HOSTS = "/etc/restream-git/deploy-key", "/etc/restream-git/known_hosts"
HTTPS = f"""\
import functools, http.server, ssl
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory="/srv/git")
server = http.server.ThreadingHTTPServer(("127.0.0.1", 443), handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/root/{HOST}.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""
CERTIFICATE = f"""
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN={HOST} \\
    -addext subjectAltName=DNS:{HOST} -keyout /root/key.pem -out /root/cert.pem
cat /root/key.pem /root/cert.pem > /root/{HOST}.pem
cp /root/cert.pem /usr/local/share/ca-certificates/{HOST}.crt
update-ca-certificates
"""


@pytest.fixture(autouse=True)
def known_name(installation: Installation) -> None:
    """Have the server's name mean this container."""
    know_name(installation.container, HOST)


def comes_from(repository: Repository, url: str) -> None:
    """Name the repository's address, as in repository.conf."""
    container = repository.machine.container
    container.run(("sed", "-i", f"s|^REPOSITORY=.*|REPOSITORY={url}|", CONF))


def is_applied(repository: Repository, mark: str) -> None:
    """Push a commit, and have the machine look: the commit is applied."""
    toml = repository.machine.toml + f"\n# {mark}\n"
    commit = repository.push(toml)
    record = repository.look()
    assert (record["commit"], record["result"]) == (commit, "applied"), record


def record(repository: Repository) -> str:
    """Return what is noted of the last commit, "" before the first."""
    return repository.machine.container.run(("cat", RECORD), check=False).stdout


def stays(repository: Repository, words: str) -> None:
    """Have the machine look in vain: the unit fails, journal and status say so, and nothing else changes."""
    container = repository.machine.container
    before = record(repository), repository.machine.runs()
    assert container.run(("systemctl", "start", FETCH), check=False, timeout=150).returncode != 0
    container.wait_until(
        lambda: words in "\n".join(repository.machine.words(FETCH)), 10, f"the journal to say {words!r}"
    )
    container.wait_until(
        lambda: "Git repository of the TOML could not be fetched" in repository.machine.product("status"),
        SETTLED,
        "the status to say so",
    )
    assert (record(repository), repository.machine.runs()) == before


def test_over_ssh_with_a_deploy_key(repository: Repository) -> None:
    """As docs/gitops.md says. Another host key, or a key that is taken back, and nothing is fetched."""
    container = repository.machine.container
    container.run(("sh", "-ec", "ssh-keygen -A; mkdir -p /run/sshd /root/.ssh; chmod 700 /root/.ssh"))
    container.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", DEPLOY_KEY))
    public = container.read(f"{DEPLOY_KEY}.pub")
    only_git = 'restrict,command="git-shell -c \\"$SSH_ORIGINAL_COMMAND\\""'
    container.write("/root/.ssh/authorized_keys", f"{only_git} {public}", mode=0o600)
    comes_from(repository, f"root@{HOST}:{REPOSITORY}")
    with repository.machine.serving(22, "/usr/sbin/sshd", "-D", "-e"):
        container.run(("sh", "-ec", f"ssh-keyscan -t ed25519 {HOST} > {KNOWN_HOSTS}"))
        is_applied(repository, "over ssh")
        good = container.read(KNOWN_HOSTS)
        container.write(KNOWN_HOSTS, f"{HOST} {public}")
        stays(repository, "Host key verification failed")
        container.write(KNOWN_HOSTS, good)
        container.write("/root/.ssh/authorized_keys", "")
        stays(repository, "Permission denied")
    stays(repository, "Connection refused")


def test_over_https(repository: Repository) -> None:
    """A repository that anyone may read needs no key; a certificate that nobody has signed is not trusted."""
    container = repository.machine.container
    container.run(("sh", "-ec", CERTIFICATE))
    container.run(("rm", "-f", DEPLOY_KEY))
    comes_from(repository, f"https://{HOST}{REPOSITORY.removeprefix('/srv/git')}")
    with repository.machine.serving(443, "python3", "-c", HTTPS):
        container.run(
            (
                "sh",
                "-ec",
                f"cd {REPOSITORY}; mv hooks/post-update.sample hooks/post-update; git update-server-info",
            )
        )
        is_applied(repository, "over https")
        container.run(
            ("sh", "-ec", f"rm /usr/local/share/ca-certificates/{HOST}.crt; update-ca-certificates --fresh")
        )
        stays(repository, "certificate")


def test_a_server_that_never_answers(repository: Repository) -> None:
    """The fetch ends after its two minutes, of which this machine is given five seconds here."""
    container = repository.machine.container
    container.write(f"/etc/systemd/system/{FETCH}.d/short.conf", "[Service]\nTimeoutStartSec=5\n")
    container.run(("systemctl", "daemon-reload"))
    comes_from(repository, f"https://{HOST}/broadcast.git")
    silent = "import socket, time; s = socket.create_server(('127.0.0.1', 443)); time.sleep(600)"
    with repository.machine.serving(443, "python3", "-c", silent):
        stays(repository, "timed out")
