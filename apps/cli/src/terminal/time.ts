export { moment, withLocalTimes } from "@tac8/core/status/times";

/** Format a time in the local time zone, such as `13:05:22`. */
export function clock(at: number): string {
  return new Date(at).toTimeString().slice(0, 8);
}
