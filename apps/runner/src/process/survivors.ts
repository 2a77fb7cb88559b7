import { readdirSync, readlinkSync, statSync } from "node:fs";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { RUN_MARKER } from "@tac8/core/domain/runMarker";
import { cgroupMembers, closeCgroups, removeEmptyCgroups } from "./cgroup.ts";
import { membersOf, type Membership } from "./members.ts";
import {
  isAlive,
  isMissingOrForbidden,
  isSameProcess,
  readProc,
  readStat,
  type ProcessStat,
} from "@tac8/core/process/procfs";

export interface Survivor {
  readonly pid: number;
  readonly startTime: number;
  readonly comm: string;
  /**
   * By the marker in its environment, the workspace lock that it inherited, the run's control group, the agent's session, or what
   * all processes of the run have in common.
   */
  readonly how: "marker" | "lock" | "cgroup" | "session" | "member";
  readonly threads: number;
}

export interface SurvivorQuery {
  readonly runId: string;
  /** The workspace's lock file. Whoever only waits for it, or has it open without the lock, is not meant. */
  readonly lockPath?: string | undefined;
  /** Pids to leave alone: the runner, the guard. */
  readonly except: readonly number[];
  /** The session that the run's agent was started in, if it is known. */
  readonly session?: number | undefined;
  /** What all its processes have in common, if anything has. The other ways to find them stay. */
  readonly members?: Membership | null | undefined;
}

interface FileId {
  readonly dev: number;
  readonly ino: number;
}

export interface KillOptions extends SurvivorQuery {
  /** Bound for the whole hunt. Default 10 s. */
  readonly timeoutMs?: number;
}

export interface KillResult {
  /** How many different processes were killed. */
  readonly killed: number;
  /** Who was still there at the bound; empty when all is well. */
  readonly remaining: readonly Survivor[];
}

const PAUSE_MS = 15;
/** Processes that are checked before the event loop gets a turn. */
const AT_ONCE = 8;
const NONE: ReadonlySet<number> = new Set();

/** Living processes of a run. Zombies, other users' processes and those that vanish meanwhile are left out. */
export function findSurvivors(query: SurvivorQuery): Survivor[] {
  return [...survivors(query)];
}

/**
 * The same, one by one: each costs system calls, and a caller may have seen enough after some. The environment of a process
 * in the agent's session is not read: the kernel holds a process' memory while it forks, and reading the
 * environments of a few hundred that do nothing else takes minutes.
 * @param known pids of survivors that are not wanted again
 */
export function* survivors(query: SurvivorQuery, known: ReadonlySet<number> = NONE): Generator<Survivor, void> {
  for (const found of check(query, known)) {
    if (found !== null) yield found;
  }
}

/** Yields something for each process of the machine: null for one that is no survivor. */
function* check(
  { runId, lockPath, except, session, members = null }: SurvivorQuery,
  known: ReadonlySet<number>,
): Generator<Survivor | null, void> {
  const lock = lockPath === undefined ? undefined : statSync(lockPath, { throwIfNoEntry: false });
  const entry = `\0${RUN_MARKER}=${runId}\0`;
  const group = cgroupMembers(runId);
  const belonging = membersOf(members);
  const sessions = new Map<number | undefined, boolean>();
  for (const pid of [process.pid, ...except]) sessions.set(readStat(pid)?.session, false);
  if (session !== undefined) sessions.set(session, true);
  // Only an agent's session is the run's own. A dead runner's git of this run carries the marker too, and is in the
  // session of the terminal that the runner was started in.
  const isAgents = (id: number): boolean => {
    const isIt = sessions.get(id) ?? hasMarker(id, entry);
    sessions.set(id, isIt);
    return isIt;
  };
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || except.includes(pid)) continue;
    const stat = readStat(pid);
    if (!isThere(stat) || known.has(pid)) {
      yield null;
      continue;
    }
    const locked = (): boolean => lock !== undefined && holdsLock(pid, lock) && isSettled(pid, lock, except);
    const isInside = pid === stat.session ? pid === session : isAgents(stat.session);
    const inside = isInside ? "session" : null;
    const by = group.has(pid) ? "cgroup" : belonging.has(pid) ? "member" : inside;
    const how = by ?? (hasMarker(pid, entry) ? "marker" : locked() ? "lock" : null);
    yield how === null ? null : { pid, startTime: stat.startTime, comm: stat.comm, how, threads: stat.threads };
  }
}

/**
 * Stops, then SIGKILLs every process of a run and checks again until two checks in a row find nobody, or until the bound.
 * A process that is killed makes room for the next one of a fork bomb; a stopped one keeps its place and forks no more.
 */
export async function killSurvivors({ timeoutMs = 10_000, ...query }: KillOptions): Promise<KillResult> {
  const deadline = performance.now() + timeoutMs;
  const killed = new Set<string>();
  let empty = 0;
  for (;;) {
    closeCgroups(query.runId);
    const found = (await isAnyThere(query)) ? haltSurvivors(query, deadline) : [];
    empty = found.length === 0 ? empty + 1 : 0;
    if (empty >= 2) {
      removeEmptyCgroups();
      return { killed: killed.size, remaining: [] };
    }
    for (const survivor of found) {
      if (signal(survivor, "SIGKILL")) killed.add(`${survivor.pid}:${survivor.startTime}`);
    }
    if (performance.now() >= deadline) return { killed: killed.size, remaining: findSurvivors(query) };
    await sleep(PAUSE_MS);
  }
}

/**
 * Beside another run's fork bomb a check takes seconds, and after most runs it finds nobody. Where a runner looks, the heartbeats of
 * its other runs continue meanwhile; only what it finds is stopped without a pause.
 */
async function isAnyThere(query: SurvivorQuery): Promise<boolean> {
  let checked = 0;
  for (const found of check(query, NONE)) {
    if (found !== null) return true;
    checked += 1;
    if (checked % AT_ONCE === 0) await turn();
  }
  return false;
}

/** Stops each of them, without a pause, until a check finds no further one. @returns everything that were found */
function haltSurvivors(query: SurvivorQuery, deadline: number): Survivor[] {
  closeCgroups(query.runId);
  const found = new Map<number, Survivor>();
  for (;;) {
    const before = found.size;
    for (const survivor of survivors(query, new Set(found.keys()))) {
      signal(survivor, "SIGSTOP");
      found.set(survivor.pid, survivor);
    }
    if (found.size === before || performance.now() >= deadline) return [...found.values()];
  }
}

function signal(survivor: Survivor, name: "SIGSTOP" | "SIGKILL"): boolean {
  if (!isSameProcess(survivor)) return false;
  try {
    return process.kill(survivor.pid, name);
  } catch (error) {
    if (isMissingOrForbidden(error)) return false;
    throw error;
  }
}

/**
 * Between fork and exec, which takes long on a busy machine, a child has everything that its parent has open: the runner's next git
 * of another run looks as if it held this run's lock. It has the parent's program still, and no child of an agent has ours.
 * The exec may come just before we ask for the program; the lock is missing then.
 */
function isSettled(pid: number, lock: FileId, except: readonly number[]): boolean {
  const parent = Number(/^PPid:\s+(\d+)/m.exec(readProc(`/proc/${pid}/status`) ?? "")?.[1] ?? 0);
  return !except.includes(parent) || (!isSameProgram(pid, parent) && holdsLock(pid, lock));
}

function isSameProgram(a: number, b: number): boolean {
  try {
    return (
      readProc(`/proc/${a}/cmdline`) === readProc(`/proc/${b}/cmdline`) &&
      readlinkSync(`/proc/${a}/exe`) === readlinkSync(`/proc/${b}/exe`)
    );
  } catch (error) {
    if (isMissingOrForbidden(error)) return false;
    throw error;
  }
}

function isThere(stat: ProcessStat | null): stat is ProcessStat {
  return stat !== null && isAlive(stat);
}

function hasMarker(pid: number, entry: string): boolean {
  const environ = readProc(`/proc/${pid}/environ`);
  return environ !== null && environ.length > 0 && `\0${environ}\0`.includes(entry);
}

/** An open descriptor is not enough: a runner that asks for the lock has one too. fdinfo names the locks it holds. */
function holdsLock(pid: number, lock: FileId): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      const file = statSync(`/proc/${pid}/fd/${fd}`, { throwIfNoEntry: false });
      if (file === undefined || file.ino !== lock.ino || file.dev !== lock.dev) return false;
      return readProc(`/proc/${pid}/fdinfo/${fd}`)?.includes("FLOCK") ?? false;
    });
  } catch (error) {
    if (isMissingOrForbidden(error)) return false;
    throw error;
  }
}
