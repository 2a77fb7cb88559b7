import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { treeCpuMs } from "./proc.ts";

/** CPU time of some processes and of everything that they start after they were added. */
export interface CpuGroup extends Disposable {
  /** @returns false: processes whose parent does not wait for them, such as those in a sandbox, are not counted */
  add(pids: readonly number[]): boolean;
  /** In ms. */
  read(): number;
}

/**
 * Count CPU time by a control group. The times in `/proc` lack what runs in a sandbox, because the process that starts it does not
 * wait for its child. Where no group can be created, they are used. Dispose of it after the end of the processes.
 */
export function openCpuGroup(): CpuGroup {
  const made = places().find(({ group }) => create(group)) ?? null;
  const added: number[] = [];
  let isWhole = made !== null;
  return {
    add(pids) {
      added.push(...pids);
      try {
        for (const pid of pids) writeFileSync(join(made?.group ?? "", "cgroup.procs"), String(pid));
      } catch {
        isWhole = false; // Not ours.
      }
      return isWhole;
    },
    read() {
      if (made !== null && isWhole) return made.msOf(readFileSync(join(made.group, made.file), "utf8"));
      return added.reduce((sum, pid) => sum + treeCpuMs(pid), 0);
    },
    [Symbol.dispose]() {
      if (made !== null) remove(made.group);
    },
  };
}

/** In this process's own groups that count CPU time: of v1's hierarchy of the cpuacct controller, and of cgroup v2. */
function places() {
  const name = `tac8-bench-${process.pid}`;
  const lines = readFileSync("/proc/self/cgroup", "utf8").split("\n");
  return lines.flatMap((line) => {
    const [, id = "", names = "", path = ""] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? [];
    if (names.split(",").includes("cpuacct")) {
      const group = join("/sys/fs/cgroup/cpuacct", path, name);
      return [{ group, file: "cpuacct.usage", msOf: (text: string) => Number(text) / 1e6 }];
    }
    const group = join("/sys/fs/cgroup", path, name);
    if (id !== "0" || !existsSync("/sys/fs/cgroup/cgroup.controllers")) return [];
    return [{ group, file: "cpu.stat", msOf: (text: string) => Number(/^usage_usec (\d+)/m.exec(text)?.[1]) / 1000 }];
  });
}

function create(group: string): boolean {
  try {
    mkdirSync(group);
    return true;
  } catch {
    return false; // Read-only, or not ours.
  }
}

function remove(group: string): void {
  try {
    rmdirSync(group);
  } catch {
    // Something is in it still: an empty group costs nothing.
  }
}
