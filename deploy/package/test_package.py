#!/usr/bin/env python3
"""The packages: their bits, Debian's checkers, and their life in a Debian of its own, in which systemd runs."""

import functools
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parent.parent
sys.path.insert(0, str(HERE.parent))
import testing  # noqa: E402

MADE = pathlib.Path(os.environ.get("MADE", TREE / ".build/release/made")).resolve()
RELEASE = platform.freedesktop_os_release()
# systemd-analyze's exposure, of 10: what a service that listens to the network cannot give up is 1.1.
EXPOSURE_MAX = 1.5
# What the packages are made of, but for the program.
PARTS = ["deploy/package", "config", "LICENSE", "NOTICE", "CHANGELOG.md"]
BOOT = """[Unit]
After=basic.target
SuccessAction=exit-force
FailureAction=exit-force
[Service]
Type=oneshot
ExecStart=/dist/session
StandardOutput=file:/session.log
StandardError=inherit
"""


def run(*command, **options):
    """What a command prints, both ways; fails where it does."""
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode:
        raise AssertionError(f"{command[0]}: status {done.returncode}\n{done.stdout[-4000:]}")
    return done.stdout


def epoch():
    """The date of the packages; any will do where the tree has no history."""
    done = subprocess.run(["git", "-C", TREE, "log", "-1", "--format=%ct"], capture_output=True, text=True)
    return done.stdout.strip() or "1700000000"


def documented():
    """The blocks of the documentation that install the package, install the tarball, and configure the service."""
    texts = [(TREE / "docs/deploy.md").read_text(), (HERE / "README.md").read_text()]
    blocks = [block for text in texts for block in re.findall(r"(?ms)^```sh\n(.*?)^```$", text) if "sudo " in block]
    assert [block.split()[1] for block in blocks] == ["apt-get", "tar", "key"], blocks
    return zip(("package.sh", "tarball.sh", "configure.sh"), blocks)


class Packages:
    """Both packages, built once for all tests."""

    def __init__(self):
        testing.need_root()
        testing.need(dh="debhelper", help2man="help2man")
        self.scratch = tempfile.TemporaryDirectory(prefix="made-package-")
        self.folder = pathlib.Path(self.scratch.name, "out")
        self.sums = self.build(TREE, MADE, self.folder, {})
        (self.deb,) = self.folder.glob("*.deb")
        (self.tarball,) = self.folder.glob("*.tar.gz")
        self.root = pathlib.Path(self.scratch.name, "root")
        run("dpkg-deb", "-R", self.deb, self.root)

    def build(self, tree, made, folder, variables):
        """The lines SHA256 NAME of the packages."""
        environment = {**os.environ, "SOURCE_DATE_EPOCH": epoch(), **variables}
        return run(tree / "deploy/package/build", made, folder, env=environment)

    def newer(self):
        """The same package with a higher version and another line in its settings."""
        root = pathlib.Path(self.scratch.name, "newer")
        shutil.copytree(self.root, root, symlinks=True)
        for name, old, new in (("DEBIAN/control", r"(?m)^(Version: .*)$", r"\1.1"),
                               ("etc/made/made.yaml", r"(?m)^#grace-seconds: .*$", "#grace-seconds: 9")):
            path = root / name
            text = path.read_text()
            changed = re.sub(old, new, text)
            assert changed != text, f"{name} has no line {old}"
            path.write_text(changed)
        # Weakly compressed: it is installed once.
        run("dpkg-deb", "--root-owner-group", "-z1", "-b", root, self.folder / "newer.deb")


def setUpModule():
    global packages
    packages = Packages()


def tearDownModule():
    packages.scratch.cleanup()


class Bits(unittest.TestCase):
    def test_are_the_same_from_another_folder(self):
        other = pathlib.Path(packages.scratch.name, "another", "tree")
        for part in PARTS:
            target = other / part
            target.parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if (TREE / part).is_dir() else shutil.copy
            copy(TREE / part, target)
        made = other / "program"
        shutil.copy(MADE, made)
        sums = packages.build(other, made, other / "out", {"TZ": "Asia/Tokyo", "LC_ALL": "C", "TMPDIR": str(other)})
        print(packages.sums, sums, sep="\n")
        self.assertEqual(packages.sums, sums)

    def test_belong_to_root(self):
        listing = run("tar", "-tvzf", packages.tarball) + run("dpkg-deb", "-c", packages.deb)
        self.assertEqual({line.split()[1] for line in listing.splitlines()}, {"root/root"})


class Checkers(unittest.TestCase):
    def test_lintian_has_nothing_to_say(self):
        testing.need(lintian="lintian")
        said = run("lintian", "--allow-root", "--fail-on", "error,warning", packages.deb)
        self.assertEqual(said.strip(), "")

    def test_systemd_knows_every_line_of_the_unit(self):
        testing.need(systemd_analyze="systemd")
        (unit,) = packages.root.rglob("made.service")
        # The commands are looked for on this machine: the program stands in for itself.
        text = unit.read_text().replace("/usr/bin/made", str(MADE))
        copy = pathlib.Path(packages.scratch.name, "made.service")
        copy.write_text(text)
        self.assertEqual(run("systemd-analyze", "verify", "--man=no", copy).strip(), "")
        said = run("systemd-analyze", "security", "--offline=true", f"--root={packages.root}", "made.service")
        print(*[line for line in said.splitlines() if line.startswith("✗") or "exposure" in line], sep="\n")
        self.assertLessEqual(float(re.search(r"exposure level for made.service: ([\d.]+)", said)[1]), EXPOSURE_MAX)

    def test_manual_has_a_page_for_each_verb_and_all_its_options(self):
        pages = {path.name for path in (packages.root / "usr/share/man/man1").iterdir()}
        verbs = re.findall(r"^  ([a-z]+) ", run(MADE, "--help").partition("SUBCOMMANDS:")[2], re.M)
        self.assertGreater(len(verbs), 5)
        self.assertEqual(pages, {"made.1.gz"} | {f"made-{verb}.1.gz" for verb in verbs})
        for verb in verbs:
            page = run("gzip", "-dc", packages.root / f"usr/share/man/man1/made-{verb}.1.gz").replace("\\-", "-")
            options = set(re.findall(r"^  (?:-\w, )?(--[a-z0-9-]+)", run(MADE, verb, "--help"), re.M))
            self.assertEqual({option for option in options if option not in page}, set(), verb)

    def test_manual_is_set_without_warnings(self):
        testing.need(groff="groff")
        for page in sorted((packages.root / "usr/share/man/man1").iterdir()):
            text = subprocess.run(["gzip", "-dc", page], capture_output=True, check=True).stdout
            done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z"], input=text, capture_output=True)
            self.assertEqual(done.stderr.decode(), "", page.name)

    def test_shells_read_their_completions(self):
        testing.need(zsh="zsh", fish="fish")
        share = packages.root / "usr/share"
        run("bash", "-n", share / "bash-completion/completions/made")
        run("zsh", "-n", share / "zsh/vendor-completions/_made")
        run("fish", "--no-execute", share / "fish/vendor_completions.d/made.fish")
        path = f"{MADE.parent}:{os.environ.get('PATH', '')}"
        offered = run("fish", "--no-config", "-c", f"source {share}/fish/vendor_completions.d/made.fish; complete -C 'made '",
                      env={**os.environ, "PATH": path, "HOME": packages.scratch.name})
        self.assertIn("serve", offered)


class Life(unittest.TestCase):
    """A container of systemd-nspawn, in which systemd runs and starts the unit with its sandbox."""

    def test_installs_serves_upgrades_and_goes(self):
        root = pathlib.Path(packages.scratch.name, "debian")
        root.mkdir()
        run("tar", "-C", root, "-xpf", debian())
        shutil.copy(HERE / "session", packages.folder)
        packages.newer()
        for name, block in documented():
            (packages.folder / name).write_text(block)
        container = ["systemd-nspawn", "-q", "-D", root, "--register=no", "--keep-unit", f"--bind-ro={packages.folder}:/dist"]
        # What the package needs is fetched before: in the session there is no network but the container's own.
        run(*container, "apt-get", "install", "--download-only", f"/dist/{packages.deb.name}")
        (root / "etc/systemd/system/session.service").write_text(BOOT)
        done = subprocess.run(
            [*container, "--private-network", "--boot", "systemd.unit=session.service"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600,
        )  # fmt: skip
        log = root / "session.log"
        if not log.exists():
            raise unittest.SkipTest(f"systemd does not boot in a container here: {done.stdout.strip()[-300:]}")
        print(log.read_text())
        self.assertTrue(log.read_text().rstrip().endswith("session: all as it should be"), done.stdout[-2000:])


class Image(unittest.TestCase):
    """What goes with the container image. Building that takes an engine; deploy/package/image does."""

    def test_bill_of_materials_names_what_is_installed_and_what_is_linked(self):
        image = pathlib.Path(packages.scratch.name, "image.tar")
        shutil.copy(debian(), image)
        folder = pathlib.Path(packages.scratch.name, "image/srv/made")
        folder.mkdir(parents=True)
        (folder / "swift-version").write_text("Swift version 6.3.1 (swift-6.3.1-RELEASE)\nTarget: x86_64\n")
        pin = {"identity": "swift-log", "location": "https://github.com/apple/swift-log.git",
               "state": {"revision": "c2cb529", "version": "1.16.2"}}
        (folder / "Package.resolved").write_text(json.dumps({"pins": [pin], "version": 3}))
        run("tar", "-C", folder.parent.parent, "-rf", image, "./srv/made")
        environment = {**os.environ, "SOURCE_DATE_EPOCH": epoch()}
        with open(image, "rb") as tar:
            done = subprocess.run([HERE / "sbom", "1.2.3"], stdin=tar, capture_output=True, text=True, env=environment)
        if done.returncode == testing.SKIPPED:
            raise unittest.SkipTest(done.stdout.strip())
        self.assertEqual(done.returncode, 0, done.stderr)
        document = json.loads(done.stdout)
        versions = {package["name"]: package["versionInfo"] for package in document["packages"]
                    if package["SPDXID"] in ("SPDXRef-made", "SPDXRef-swift", "SPDXRef-swift-log")}
        self.assertEqual(versions, {"made": "1.2.3", "swift": "6.3.1", "swift-log": "1.16.2"})
        self.assertIn("SPDXRef-libc6-amd64", [package["SPDXID"] for package in document["packages"]])
        links = {(link["spdxElementId"], link["relatedSpdxElement"]) for link in document["relationships"]
                 if link["relationshipType"] == "STATIC_LINK"}
        self.assertEqual(links, {("SPDXRef-made", "SPDXRef-swift"), ("SPDXRef-made", "SPDXRef-swift-log")})

    def test_has_the_labels_of_open_containers(self):
        text = (TREE / "Dockerfile").read_text() + (HERE / "image").read_text()
        labels = set(re.findall(r"org\.opencontainers\.image\.([a-z.]+)=", text))
        self.assertEqual(labels, {"title", "description", "licenses", "base.name", "version", "revision", "created"})


@functools.cache
def debian():
    """The tar archive of a root with systemd and curl, kept in DEPLOY_CACHE."""
    if RELEASE["ID"] != "debian":
        raise unittest.SkipTest("the package is for this machine's release, which is none of Debian's")
    testing.need(debootstrap="debootstrap", systemd_nspawn="systemd-container")
    suite = RELEASE["VERSION_CODENAME"]
    archive = pathlib.Path(os.environ.get("DEPLOY_CACHE") or packages.scratch.name) / f"debian-{suite}.tar"
    if archive.exists():
        return archive
    targets = run("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages")
    mirror = next((line.split()[0] for line in targets.splitlines() if line.split()[1:] == [suite]), None)
    with tempfile.TemporaryDirectory(prefix="made-debian-") as folder:
        # It becomes the root, where everybody may look.
        os.chmod(folder, 0o755)
        command = ["debootstrap", "--variant=minbase", "--include=systemd-sysv,curl", suite, folder]
        done = subprocess.run(command + ([mirror] if mirror else []), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise unittest.SkipTest(f"debootstrap failed: {done.stdout.strip()[-300:]}")
        # apt-get asks nothing, says little, and reaches the mirror as this machine's does.
        settings = ['quiet "2";', 'APT::Get::Assume-Yes "true";']
        settings += [line for line in run("apt-config", "dump").splitlines()
                     if re.match(r"Acquire::(Check-|https?::(Proxy|CaInfo|Verify))", line)]
        pathlib.Path(folder, "etc/apt/apt.conf.d/90machine").write_text("\n".join(settings) + "\n")
        run("systemd-nspawn", "-q", "-D", folder, "--register=no", "--keep-unit", "apt-get", "update")
        part = archive.with_suffix(".part")
        run("tar", "-C", folder, "--one-file-system", "-cpf", part, ".")
        part.rename(archive)
    return archive


if __name__ == "__main__":
    testing.run_tests()
