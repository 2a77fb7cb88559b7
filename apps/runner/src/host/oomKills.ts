import { oomKillsIn } from "../process/cgroup.ts";

/**
 * Watches a count of the kernel's kills that other runs share, because the run's own is gone with its group. `check` is
 * called often: only what was counted since the check before the last one is this run's.
 * @param file a `memory.events`; null: there is none
 */
export function watchOomKills(file: string | null): { check(): void; killed(): boolean } {
  const read = (): number | null => (file === null ? null : oomKillsIn(file));
  let last = read();
  let before = last;
  return {
    check() {
      before = last;
      last = read();
    },
    killed() {
      const now = read();
      return now !== null && before !== null && now > before;
    },
  };
}
