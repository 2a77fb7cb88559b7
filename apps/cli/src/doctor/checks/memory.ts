import { totalmem } from "node:os";
import type { Config } from "@tac8/core/config/resolve";
import { managerOf } from "../../services/units.ts";
import type { Check } from "../check.ts";
import { note, ok, problem, type Finding } from "../finding.ts";
import { evaluateMemoryGroups, readMemoryGroups } from "./memoryGroups.ts";

const MB = 1024 ** 2;
/** Memory of one agent and its tools, with some reserve. */
const PER_AGENT_MB = 500;

export const memory: Check = {
  name: "Memory",
  limitMs: 5000,
  async inspect({ config, env }) {
    // Both functions respect the limit of a container. Without one, `constrainedMemory` is 0 or far above the total memory.
    const limit = process.constrainedMemory() || Number.POSITIVE_INFINITY;
    const totalMb = Math.min(totalmem(), limit) / MB;
    const groups = managerOf(env) === null ? [] : evaluateMemoryGroups(readMemoryGroups());
    return [evaluateMemory({ freeMb: process.availableMemory() / MB, totalMb }, config), ...groups];
  },
};

/** Pure. */
export function evaluateMemory(
  { freeMb, totalMb }: { readonly freeMb: number; readonly totalMb: number },
  { host, coordinator }: Pick<Config, "host" | "coordinator">,
): Finding {
  const free = `${Math.round(freeMb)} of ${Math.round(totalMb)} MB free`;
  if (freeMb < host.min_free_memory_mb) {
    const limit = `no new jobs start below ${host.min_free_memory_mb} MB (host.min_free_memory_mb)`;
    return problem(`${free}: ${limit}`, "stop other programs, or add memory or swap");
  }
  const agents = coordinator.max_concurrent_workers;
  if (totalMb < agents * PER_AGENT_MB) {
    return note(
      `${free}, for ${agents} agents at about ${PER_AGENT_MB} MB each`,
      "lower coordinator.max_concurrent_workers if runs end as out-of-memory",
    );
  }
  return ok(free);
}
