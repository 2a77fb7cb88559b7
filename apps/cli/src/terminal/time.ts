export { moment, withLocalTimes } from "@tac8/core/status/times";

/** `13:05:22` in local time. */
export function clock(at: number): string {
  return new Date(at).toTimeString().slice(0, 8);
}
