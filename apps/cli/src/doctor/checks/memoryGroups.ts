import { readFileSync } from "node:fs";
import { note, type Finding } from "../finding.ts";

/** What the kernel says of control groups. Null: it says nothing. */
export interface MemoryGroups {
  /** `/proc/cgroups`, lines of name, hierarchy, groups and whether it is on. */
  readonly controllers: string | null;
  /** Whether the firmware of a Raspberry Pi has started this machine. */
  readonly isPi: boolean;
}

export function readMemoryGroups(): MemoryGroups {
  const model = read("/proc/device-tree/model") ?? "";
  return { controllers: read("/proc/cgroups"), isPi: model.startsWith("Raspberry Pi") };
}

/**
 * Pure. Where the kernel counts no memory for control groups, as on Raspberry Pi OS by default, no limit of systemd's holds. A kernel
 * without control groups v1 says nothing there.
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
    return null; // Not on this machine.
  }
}
