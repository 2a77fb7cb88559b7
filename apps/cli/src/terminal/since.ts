import { WrongUsage } from "../problems/problem.ts";

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };

/** Parse a time: `30m`, `12h`, `7d` or `2w` ago, or a date such as `2026-11-25`. @returns epoch ms. @throws WrongUsage */
export function parseSince(text: string, now: number): number {
  const span = /^(\d{1,5})([mhdw])$/.exec(text.trim());
  if (span !== null) return now - Number(span[1]) * (UNITS[span[2] ?? ""] ?? 0);
  // A date without a time zone is in the local time zone.
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text.trim()) ? Date.parse(`${text.trim()}T00:00`) : Date.parse(text);
  const known = /^\d{4}-/.test(text.trim()) && !Number.isNaN(day);
  if (!known)
    throw new WrongUsage(
      `--since ${text.slice(0, 40)} is not a time: expected 30m, 12h, 7d, 2w or a date such as 2026-11-25`,
    );
  return day;
}

/** Parse a whole number from 1 to `max`. @throws WrongUsage */
export function parseCount(name: string, text: string, max: number): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > max) throw new WrongUsage(`${name} ${text.slice(0, 40)} is not a number from 1 to ${max}`);
  return number;
}
