import { mkdir, readFile } from "node:fs/promises";
import { totalmem } from "node:os";
import { join } from "node:path";
import { StartupProblem } from "@tac8/core/app/main";
import { writeWholeFile } from "@tac8/core/app/wholeFile";
import { INNER_UID, sandboxArguments } from "@tac8/core/isolation/arguments";
import { devicePlaces, makeDevices, NO_DEVICES_FIX, NoDevices } from "@tac8/core/isolation/devices";
import { procEntries, readOnce, thisMachine } from "@tac8/core/isolation/machine";
import { seccompFilter } from "./seccomp.ts";
import { FORWARDER } from "../../egress/forwarder/command.ts";
import { requireBash } from "../bash.ts";
import { HELPER_PROGRAM } from "../helper/client.ts";
import type { EgressParts } from "../egressOptions.ts";
import { openConfinedSide } from "../helper/confined.ts";
import type { OpenAgentSide } from "../side.ts";
import { etcFiles } from "./etc.ts";
import { mountsOf } from "./mounts.ts";
import { sandboxConfinement, type Inside } from "./side.ts";

export interface OpenerOptions extends EgressParts {
  /** Path of `bwrap`. */
  readonly program: string;
}

const MB = 1024 ** 2;
/** Programs of tac8 that run inside. They are in the folder of all its programs. */
export const OWN = [process.execPath, HELPER_PROGRAM.at(-1) ?? "", FORWARDER];
/** Descriptor, in a sandbox, of the lock of the workspace's sandboxes. */
const LOCK_FD = 3;
/** Descriptor of the filter. A redirection of the shell allows one digit. */
const SECCOMP_FD = 9;
/** Starts `bwrap` with the filter's file already open, so that the file need not be visible inside. */
const WITH_FILTER = ["/bin/sh", "-c", `filter=$1; shift; exec "$@" ${SECCOMP_FD}<"$filter"`, "sh"];

/** Prepare the files of all sandboxes of a runner in `<data folder>/sandbox`. @throws StartupProblem if this machine cannot start sandboxes */
export async function sandboxOpener({ program, ...parts }: OpenerOptions): Promise<OpenAgentSide> {
  const { config } = parts;
  const runnerUid = process.getuid?.() ?? 0;
  const uid = runnerUid === 0 ? INNER_UID : runnerUid;
  const gid = runnerUid === 0 ? INNER_UID : (process.getgid?.() ?? 0);
  const bash = requireBash(config);
  const folder = join(config.dataFolder, "sandbox");
  const etc = join(folder, "etc");
  await mkdir(etc, { recursive: true, mode: 0o700 });
  for (const [name, text] of Object.entries(etcFiles({ uid, gid }))) {
    await keepFile(join(etc, name), Buffer.from(text), 0o644);
  }
  const filter = seccompFilter(process.arch);
  const filterFile = join(folder, "seccomp");
  if (filter !== null) await keepFile(filterFile, Buffer.from(filter), 0o600);
  const before = filter === null ? [] : [...WITH_FILTER, filterFile];
  const devices = runnerUid === 0 ? await devicesOf(config.dataFolder) : null;
  const tmpBytes = tmpSize(totalmem(), config.coordinator.max_concurrent_workers);
  const launch = (inside: Inside): string[] => {
    const spec = {
      mounts: mountsOf({ ...inside, config, own: OWN, etc }, readOnce(thisMachine)),
      cwd: inside.cwd,
      lockFd: LOCK_FD,
      seccompFd: filter === null ? null : SECCOMP_FD,
      uid: runnerUid,
      // Includes the entries of kernel modules that were loaded in the meantime.
      procEntries: procEntries(),
      devices,
      tmpBytes,
      nested: inside.nested,
      readOnlyProc: inside.isHelper,
    };
    return [...before, program, ...sandboxArguments(spec), "--"];
  };
  return (options) => openConfinedSide(options, sandboxConfinement(options, { ...parts, uid, bash, folder, launch }));
}

/** Write a file unless it already has this content, because other runners on the same data folder may be using it. */
async function keepFile(path: string, content: Buffer, mode: number): Promise<void> {
  const before = await readFile(path).catch(() => null);
  if (before === null || !before.equals(content)) await writeWholeFile(path, content, { mode });
}

async function devicesOf(dataFolder: string): Promise<string> {
  try {
    return await makeDevices(devicePlaces(dataFolder));
  } catch (error) {
    if (error instanceof NoDevices) throw new StartupProblem(`${error.message}: ${NO_DEVICES_FIX}`);
    throw error;
  }
}

/**
 * Return the size of `/tmp` in bytes. It is in memory, so all slots share a quarter of the machine's memory. Each gets at least 64 MB
 * and at most 2 GB. Pure.
 * @param memory memory of the machine in bytes
 */
export function tmpSize(memory: number, slots: number): number {
  return Math.min(2048 * MB, Math.max(64 * MB, Math.floor(memory / 4 / Math.max(1, slots))));
}
