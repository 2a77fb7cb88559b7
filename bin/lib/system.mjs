// Installs packages of the operating system: git, redis-server, flock, and libatomic1 for the Node that npm installs. For the tests,
// also tmux, bubblewrap, and a browser with a font. Runs on Node 18.
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline/promises";
import { findProgram, ownNodeIsNewEnough, ownPath } from "./node.mjs";
import { run, step } from "./step.mjs";

const ARCH_FOLDERS = { x64: "x86_64-linux-gnu", arm64: "aarch64-linux-gnu", arm: "arm-linux-gnueabihf" };

// Runs as root. The installation of a package must not start a Redis on port 6379, now or at the next boot, because tac8 has its own.
// The file policy-rc.d prevents services from starting (an existing file belongs to the operator and is kept), and `disable` prevents
// it at the next boot. The existing package lists are tried first, and updated after a failure.
const INSTALL = `
set -u
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ] && [ ! -L $policy ]; then
  trap 'rm -f $policy' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  printf '#!/bin/sh\\nexit 101\\n' >$policy && chmod 755 $policy
fi
install() { apt-get -o DPkg::Lock::Timeout=300 install -y -q --no-install-recommends "$@"; }
install "$@" || { apt-get -o DPkg::Lock::Timeout=300 update -q && install "$@"; } || exit 1
case " $* " in *" redis-server "*)
  if [ -d /run/systemd/system ]; then systemctl disable --now redis-server
  elif command -v systemctl >/dev/null; then systemctl disable redis-server
  else update-rc.d redis-server disable; fi ;;
esac
exit 0
`;

/**
 * Install missing packages with apt, if this process is root or sudo needs no password.
 * @param {{dev: boolean, redis: boolean, ask: boolean}} options `redis`: whether a redis-server is needed on this machine;
 *   `ask`: first ask the operator at the terminal; without a terminal, install nothing
 * @throws Error with the command to run, or with the last lines of apt
 */
export async function installSystemPackages({ dev, redis, ask }) {
  const missing = missingPackages({
    git: hasProgram("git"),
    redis: !redis || hasProgram("redis-server"),
    flock: hasProgram("flock"),
    tmux: !dev || hasProgram("tmux"),
    browser: !dev || hasProgram("chromium"),
    sandbox: !dev || hasProgram("bwrap"),
    // The tests use the Node that npm installs, even if the machine has another one.
    atomic: (!dev && ownNodeIsNewEnough()) || hasLibatomic(),
  });
  if (missing.length === 0) return;
  const as = administrator();
  if (as === null || (ask && !(await agrees(missing)))) throw new Error(instruction(missing));
  step(`Installing ${missing.join(", ")}`, () => {
    const [program, ...args] = [...as, "sh", "-c", INSTALL, "sh", ...missing];
    const { ok, problem } = run({ program, args, minutes: 20 });
    if (!ok) throw new Error(`${problem}\n${instruction(missing)}`);
  });
}

async function agrees(missing) {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question(`tac8 needs ${missing.join(", ")}. Install with apt now? [Y/n] `);
    return /^(y|yes)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

/** @param {Record<"git" | "redis" | "flock" | "tmux" | "atomic" | "browser" | "sandbox", boolean>} present */
export function missingPackages({ git, redis, flock, tmux, atomic, browser, sandbox }) {
  const wanted = [
    !git && "git",
    !redis && "redis-server",
    !flock && "util-linux",
    !tmux && "tmux",
    !atomic && "libatomic1",
    !sandbox && "bubblewrap",
  ];
  // Without a font, the browser draws empty boxes.
  return [...wanted, ...(browser ? [] : ["chromium", "fonts-dejavu-core"])].filter(Boolean);
}

function instruction(missing) {
  const names = missing.join(" ");
  if (findProgram("apt-get") === null)
    return `it needs ${names}: install them with your system's package manager, then run this command again`;
  const command = `apt-get update && apt-get install -y --no-install-recommends ${names}`;
  const typed = findProgram("sudo") === null ? `${command}     (as root)` : `sudo sh -c '${command}'`;
  return `it needs ${missing.join(", ")}. Run the following, then run this command again:\n  ${typed}`;
}

/** Return the prefix of a command that needs root; null: this process cannot become root without a password. */
function administrator() {
  if (findProgram("apt-get") === null) return null;
  if (process.getuid?.() === 0) return [];
  const sudo = findProgram("sudo");
  return sudo !== null && run({ program: sudo, args: ["-n", "true"], minutes: 1 }).ok ? [sudo, "-n"] : null;
}

function hasProgram(name) {
  return findProgram(name, [ownPath(), "/usr/bin", "/usr/sbin", "/usr/local/bin"].join(delimiter)) !== null;
}

function hasLibatomic() {
  if (process.platform !== "linux") return true;
  const folders = ["/usr/lib", "/lib", "/usr/lib64", "/lib64", "/usr/local/lib"];
  const ours = ARCH_FOLDERS[process.arch];
  if (ours) folders.push(join("/usr/lib", ours), join("/lib", ours));
  return folders.some((folder) => existsSync(join(folder, "libatomic.so.1")));
}
