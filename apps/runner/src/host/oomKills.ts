import { oomKillsIn } from "../process/cgroup.ts";

/**
 * Watches a count of the kernel's kills that other runs share, because the run's own is gone with its group. `look` is
 * called often: only what was counted since the look before the last one is this run's.
 * @param file a `memory.events`; null: there is none
 */
export function watchOomKills(file: string | null): { look(): void; killed(): boolean } {
  const read = (): number | null => (file === null ? null : oomKillsIn(file));
  let last = read();
  let before = last;
  return {
    look() {
      before = last;
      last = read();
    },
    killed() {
      const now = read();
      return now !== null && before !== null && now > before;
    },
  };
}
