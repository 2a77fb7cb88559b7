/** Return the local day of a time in epoch ms: `2026-11-25`. */
export function dayOf(at: number): string {
  const date = new Date(at);
  const two = (part: number) => String(part).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** Return the last `count` days up to `now`, oldest first. */
export function lastDays(count: number, now: number): string[] {
  const noon = new Date(now);
  noon.setHours(12, 0, 0, 0); // A day may have 23 or 25 hours.
  return Array.from({ length: count }, (_, index) => {
    const day = new Date(noon);
    day.setDate(noon.getDate() - (count - 1 - index));
    return dayOf(day.getTime());
  });
}

/** Return the local midnights before and after `now`, in epoch ms. A day may have 23 or 25 hours. */
export function midnightsOf(now: number): { readonly start: number; readonly until: number } {
  const start = new Date(now);
  start.setHours(0, 0, 0, 0);
  const until = new Date(start);
  until.setDate(start.getDate() + 1);
  return { start: start.getTime(), until: until.getTime() };
}
