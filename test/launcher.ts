import { childrenOf } from "./processes.ts";
import { programOf } from "./programs.ts";

/** User id of `nobody`, which acts as tac8's user. */
export const TAC8_UID = 65_534;
/** Capabilities of root in Docker with `cap_drop: ALL` and these added. */
const CAPABILITIES = "-all,+setuid,+setgid,+kill,+setpcap";

/** Return user ids for the agents of one test, which no other test uses. */
export function unusedUserIds(): number {
  return 100_000_000 + Math.floor(Math.random() * 1_000_000) * 100;
}

/** Return the command line that starts a program under a launcher, as in a container, with agent ids from `first` on. */
export function launcherCommand(program: readonly string[], first: number): string[] {
  const limited = ["setpriv", "--inh-caps=-all", `--bounding-set=${CAPABILITIES}`, "--"];
  const launcher = [
    process.execPath,
    programOf("launcher"),
    "--user",
    "nobody",
    "--ids",
    `${first}-${first + 99}`,
    "--",
  ];
  return [...limited, ...launcher, ...program];
}

/** Return the process id of the program that a launcher starts: its first child. */
export function launchedPid(launcher: number): number {
  const [first] = childrenOf([launcher]).toSorted((a, b) => a.pid - b.pid);
  return first?.pid ?? 0;
}
