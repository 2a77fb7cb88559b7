import { readFile, readlink } from "node:fs/promises";

/** Where a process id counts. */
export interface MachineIds {
  /** Id of the machine's present boot, by the kernel; empty where the kernel does not report. */
  readonly boot: string;
  /** Containers have their own; empty likewise. */
  readonly pidNamespace: string;
}

/** A process as it has written itself down; older versions do not say where its id counts. */
export interface KnownProcess {
  readonly pid: number;
  readonly boot?: string | undefined;
  readonly pidNamespace?: string | undefined;
}

export async function readMachineIds(): Promise<MachineIds> {
  const [boot, pidNamespace] = await Promise.all([
    readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => ""),
    readlink("/proc/self/ns/pid").catch(() => ""),
  ]);
  return { boot: boot.trim(), pidNamespace };
}

/** Return whether the process can be looked for on this machine, and is no more. False: it is there, or nothing is known. */
export function hasExited({ pid, boot, pidNamespace }: KnownProcess, machine: MachineIds): boolean {
  if (!boot || !pidNamespace || boot !== machine.boot || pidNamespace !== machine.pidNamespace) return false;
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    // That of another user is there as well.
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
