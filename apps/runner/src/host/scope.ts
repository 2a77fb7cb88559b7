import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { kernelTasks, type Limits } from "./rlimits.ts";

const PROBE_MS = 5000;
/**
 * Print the values of a scope's own group: a controller that it does not have has no file, whatever systemd was asked
 * for.
 */
const PROBE = `cd "/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)" && pwd && grep -sH . memory.max cpu.max pids.max`;

export interface ScopeOptions extends Limits {
  readonly uid: number;
  /** PATH in which programs are searched for. */
  readonly path: string;
}

export interface FoundScope {
  readonly memory: boolean;
  readonly cpus: boolean;
  readonly tasks: boolean;
  /** `memory.events` of the slice of the scopes, because a scope's own file disappears with the scope. */
  readonly oomEvents: string | null;
}

/** Try whether systemd can limit a program of the runner here. In a container it cannot. */
export async function probeScope({ path, ...limits }: ScopeOptions): Promise<FoundScope> {
  const [program = "", ...args] = scopePrefix(limits);
  const output = await promisify(execFile)(program, [...args, "sh", "-c", PROBE], {
    env: { PATH: path },
    timeout: PROBE_MS,
    killSignal: "SIGKILL",
  }).then(
    ({ stdout }) => stdout,
    () => "", // systemd is not installed, does not run, or has no such property.
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
 * Return the prefix that runs a program in a scope. The agent does not see systemd's own variable. With
 * `OOMPolicy=kill`, the kernel ends all processes of the run, not only the largest.
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
