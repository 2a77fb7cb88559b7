import { readFile, readlink } from "node:fs/promises";

/** The machine and namespace in which a process id is valid. */
export interface MachineIds {
  /** The kernel's id of the machine's current boot; empty: the kernel does not report it. */
  readonly boot: string;
  /** Namespace of process ids, different in each container; empty: the kernel does not report it. */
  readonly pidNamespace: string;
}

/** A process as it has registered itself; older versions do not store the boot and the namespace of its id. */
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

/** Return whether the process ran on this machine and has exited. False: it is alive, or ran elsewhere, or that is unknown. */
export function hasExited({ pid, boot, pidNamespace }: KnownProcess, machine: MachineIds): boolean {
  if (!boot || !pidNamespace || boot !== machine.boot || pidNamespace !== machine.pidNamespace) return false;
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    // EPERM means that the process exists and belongs to another user.
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
