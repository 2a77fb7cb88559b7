import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { kernelTasks, type Limits } from "./rlimits.ts";

const PROBE_MS = 5000;
/** What a scope's own group says: a controller that nobody gave to it has no file, whatever systemd was asked for. */
const PROBE = `cd "/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)" && pwd && grep -sH . memory.max cpu.max pids.max`;

export interface ScopeOptions extends Limits {
  readonly uid: number;
  /** Where programs are looked for. */
  readonly path: string;
}

export interface FoundScope {
  readonly memory: boolean;
  readonly cpus: boolean;
  readonly tasks: boolean;
  /** `memory.events` of the slice that scopes are made in: a scope's own is gone with it. */
  readonly oomEvents: string | null;
}

/** Tries whether systemd puts limits around a program of ours here. In a container it does not. */
export async function probeScope({ path, ...limits }: ScopeOptions): Promise<FoundScope> {
  const [program = "", ...args] = scopePrefix(limits);
  const output = await promisify(execFile)(program, [...args, "sh", "-c", PROBE], {
    env: { PATH: path },
    timeout: PROBE_MS,
    killSignal: "SIGKILL",
  }).then(
    ({ stdout }) => stdout,
    () => "", // Not installed, no such property, or nobody to ask: that is the answer.
  );
  const folder = /^\/.*$/m.exec(output)?.[0];
  return {
    memory: limits.maxBytes > 0 && /^memory\.max:\d/m.test(output),
    cpus: limits.cpus > 0 && /^cpu\.max:\d/m.test(output),
    tasks: limits.maxTasks > 0 && /^pids\.max:\d/m.test(output),
    oomEvents: folder === undefined ? null : join(dirname(folder), "memory.events"),
  };
}

/**
 * systemd's own variable is for systemd alone: the agent does not see it. With `OOMPolicy=kill` the kernel ends all of the
 * run's processes, not just the largest.
 */
export function scopePrefix({ maxBytes, cpus, maxTasks, uid }: Omit<ScopeOptions, "path">): string[] {
  const memory = maxBytes > 0 ? [`MemoryMax=${maxBytes}`, "MemorySwapMax=0", "OOMPolicy=kill"] : [];
  const cpu = cpus > 0 ? [`CPUQuota=${Math.round(cpus * 100)}%`] : [];
  const tasks = maxTasks > 0 ? [`TasksMax=${kernelTasks(maxTasks)}`] : [];
  const properties = [...memory, ...cpu, ...tasks].flatMap((text) => ["-p", text]);
  const scope = ["--scope", "--quiet", "--collect", ...properties, "--"];
  if (uid === 0) return ["systemd-run", ...scope];
  const variable = "XDG_RUNTIME_DIR";
  return ["env", `${variable}=/run/user/${uid}`, "systemd-run", "--user", ...scope, "env", "-u", variable];
}
