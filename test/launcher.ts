import { childrenOf } from "./processes.ts";
import { programOf } from "./programs.ts";

/** `nobody`, who plays tac8's user. */
export const TAC8_UID = 65_534;
/** What Docker leaves root with `cap_drop: ALL` and these added. */
const CAPABILITIES = "-all,+setuid,+setgid,+kill,+setpcap";

/** Ids for the agents of one test, which no other test has. */
export function someIds(): number {
  return 100_000_000 + Math.floor(Math.random() * 1_000_000) * 100;
}

/** The command line of a launcher as it is in a container, with ids from `first` on for agents, before a program. */
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
export function launchedBy(launcher: number): number {
  const [first] = childrenOf([launcher]).toSorted((a, b) => a.pid - b.pid);
  return first?.pid ?? 0;
}
