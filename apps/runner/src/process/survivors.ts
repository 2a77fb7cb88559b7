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
   * How the process was found: by the process marker in its environment, the workspace lock that it inherited, the run's control group, the
   * agent's session, or the property that all processes of the run have (`members`).
   */
  readonly how: "marker" | "lock" | "cgroup" | "session" | "member";
  readonly threads: number;
}

export interface SurvivorQuery {
  readonly runId: string;
  /** Lock file of the workspace. A process that only waits for the lock, or has the file open without the lock, is no survivor. */
  readonly lockPath?: string | undefined;
  /** Pids to ignore: the runner and the guard. */
  readonly except: readonly number[];
  /** Session of the run's agent, if it is known. */
  readonly session?: number | undefined;
  /** Clock ticks since boot at which the first process of the run was started. Older processes are not inspected. Default 0. */
  readonly since?: number | undefined;
  /** Property that all processes of the run have, if there is one. The other ways to find them are still used. */
  readonly members?: Membership | null | undefined;
}

interface FileId {
  readonly dev: number;
  readonly ino: number;
}

export interface KillOptions extends SurvivorQuery {
  /** Time limit for the whole search. Default 10 s. */
  readonly timeoutMs?: number;
}

export interface KillResult {
  /** Number of different processes that were killed. */
  readonly killed: number;
  /** Processes that were still alive at the time limit. */
  readonly remaining: readonly Survivor[];
}

const PAUSE_MS = 15;
/** Number of processes that are checked before the event loop gets a turn. */
const AT_ONCE = 8;
const NONE: ReadonlySet<number> = new Set();

/** Return the living processes of a run, without zombies, other users' processes and processes that end meanwhile. */
export function findSurvivors(query: SurvivorQuery): Survivor[] {
  return [...survivors(query)];
}

/**
 * Yield the living processes of a run one by one, because each check costs system calls and a caller may need only some. The
 * environment of a process in the agent's session is not read: the kernel locks the memory of a process while it forks, so reading
 * the environments of a few hundred forking processes takes minutes.
 * @param known pids of survivors to leave out
 */
export function* survivors(query: SurvivorQuery, known: ReadonlySet<number> = NONE): Generator<Survivor, void> {
  for (const found of check(query, known)) {
    if (found !== null) yield found;
  }
}

/** Check each process of the machine. Yields a survivor, or null for any other process. */
function* check(
  { runId, lockPath, except, session, since = 0, members = null }: SurvivorQuery,
  known: ReadonlySet<number>,
): Generator<Survivor | null, void> {
  const lock = lockPath === undefined ? undefined : statSync(lockPath, { throwIfNoEntry: false });
  const entry = `\0${RUN_MARKER}=${runId}\0`;
  const group = cgroupMembers(runId);
  const belonging = membersOf(members);
  const sessions = new Map<number | undefined, boolean>();
  for (const pid of [process.pid, ...except]) sessions.set(readStat(pid)?.session, false);
  if (session !== undefined) sessions.set(session, true);
  // Only an agent's session belongs to the run. A git that a dead runner started for this run has the marker too, but is in the
  // session of the terminal in which the runner was started.
  const isAgents = (id: number): boolean => {
    const isIt = sessions.get(id) ?? hasMarker(id, entry);
    sessions.set(id, isIt);
    return isIt;
  };
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || except.includes(pid)) continue;
    const stat = readStat(pid);
    if (!isThere(stat) || stat.startTime < since || known.has(pid)) {
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
 * Send SIGSTOP, then SIGKILL to every process of a run, until two checks in a row find none, or until the time limit. They are
 * stopped first, because a killed process makes room for the next one of a fork bomb, while a stopped one does not.
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
      removeEmptyCgroups(query.runId);
      return { killed: killed.size, remaining: [] };
    }
    for (const survivor of found) {
      if (signal(survivor, "SIGKILL")) killed.add(`${survivor.pid}:${survivor.startTime}`);
    }
    if (performance.now() >= deadline) return { killed: killed.size, remaining: findSurvivors(query) };
    // For those that were killed to end.
    if (found.length > 0) await sleep(PAUSE_MS);
  }
}

/**
 * Return whether a survivor exists. During another run's fork bomb a check takes seconds, and after most runs it finds none. So this
 * check has pauses, in which a runner sends the heartbeats of its other runs. Only found survivors are stopped without a pause.
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

/** Stop each survivor, without a pause, until a check finds no further one. @returns all survivors that were found */
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
 * Return whether a process really holds the lock. Between fork and exec, which takes long on a busy machine, a child has every open file
 * of its parent, so a new git of another run seems to hold this run's lock. Such a child still has the program of the runner, which
 * no child of an agent has. If the exec happens just before the program is read, the lock is missing.
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

/** Return whether a process holds the lock, according to fdinfo. An open descriptor is not enough, because a runner that waits for the lock has one too. */
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
