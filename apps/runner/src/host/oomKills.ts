import { oomKillsIn } from "../process/cgroup.ts";

/**
 * Watch a count of the kernel's kills that other runs share, because the run's own count disappears with its group.
 * Call `check` often: only kills since the check before the last one count for this run.
 * @param file a `memory.events`; null if there is none
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
