import { readFileSync } from "node:fs";
import { note, type Finding } from "../finding.ts";

/** The kernel's information about control groups. */
export interface MemoryGroups {
  /** `/proc/cgroups`: lines of name, hierarchy, groups and whether the controller is enabled; null: missing. */
  readonly controllers: string | null;
  /** Whether this machine is a Raspberry Pi. */
  readonly isPi: boolean;
}

export function readMemoryGroups(): MemoryGroups {
  const model = read("/proc/device-tree/model") ?? "";
  return { controllers: read("/proc/cgroups"), isPi: model.startsWith("Raspberry Pi") };
}

/**
 * Evaluate the memory controller. Pure. If the kernel does not account memory for control groups, as on Raspberry Pi OS by default,
 * the limits of systemd have no effect. A kernel without control groups v1 has no such line.
 */
export function evaluateMemoryGroups({ controllers, isPi }: MemoryGroups): Finding[] {
  const on = /^memory\s+\d+\s+\d+\s+(\d)/m.exec(controllers ?? "")?.[1];
  if (on !== "0") return [];
  const where = isPi ? "to the line of /boot/firmware/cmdline.txt" : "to the kernel's command line";
  return [
    note(
      "the kernel does not account memory for services, so their limits (MemoryMax) have no effect; only tac8 watches the agents",
      `add cgroup_enable=memory ${where}, then reboot`,
    ),
  ];
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null; // This machine does not have the file.
  }
}
