const DAY_MS = 24 * 3600 * 1000;
const MAX_AHEAD_MS = 8 * DAY_MS;
/**
 * A time of day that passed within this period is today's, not tomorrow's: the answer took a while, or a clock is
 * ahead.
 */
const JUST_OVER_MS = 2 * 3600 * 1000;
/** A larger number of seconds would be after the year 5138, so it is in milliseconds. */
const MAX_SECONDS = 1e11;
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/**
 * Parse the end of a limit in the CLI's words: `limit reached|<epoch s>`, `resets 3am (Europe/Berlin)`, `resets at
 * 3:30pm`, `resets Nov 24 at 3pm (UTC)`, `retry after 120`, `resets in 2 hours`.
 * @param now epoch milliseconds; a time without a zone is in the machine's own
 * @returns epoch milliseconds, at most 8 days ahead; null if the text has no such time, or if it is over
 */
export function parseResetTime(text: string, now: number): number | null {
  const until = timestampIn(text) ?? delayIn(text, now) ?? clockIn(text, now);
  return until !== null && until > now && isPlausible(until, now) ? until : null;
}

/** Return whether the time is no further ahead than the longest limit. */
export function isPlausible(until: number, now: number): boolean {
  return until <= now + MAX_AHEAD_MS;
}

/** Convert a number of seconds, or of milliseconds, to epoch milliseconds. */
export function epochMs(time: number): number {
  return time > MAX_SECONDS ? time : time * 1000;
}

function timestampIn(text: string): number | null {
  const time = /limit reached\s*\|\s*(\d{9,14})\b/i.exec(text)?.[1];
  return time === undefined ? null : epochMs(Number(time));
}

function delayIn(text: string, now: number): number | null {
  const found =
    /(?:retry[- ]after|resets? in|try again in)[:\s]+(\d{1,6})\s*(ms|milli|s|sec|m|min|h|hour|d|day)?(?:sec)?(?:ond|ute)?s?\b/i.exec(
      text,
    );
  if (found === null) return null;
  const unit = (found[2] ?? "s").toLowerCase();
  if (unit === "ms" || unit === "milli") return now + Number(found[1]);
  return now + Number(found[1]) * ({ s: 1000, m: 60_000, h: 3_600_000, d: DAY_MS }[unit.charAt(0)] ?? 1000);
}

const CLOCK =
  /resets?(?: at| on)?\s+(?:([a-z]{3})[a-z]*\.?\s+(\d{1,2})(?:,| at|, at)?\s+)?(\d{1,2})(?::(\d{2}))?\s*(am|pm)?(?:\s*\(([\w/+-]+)\))?/i;

function clockIn(text: string, now: number): number | null {
  const found = CLOCK.exec(text);
  if (found === null) return null;
  const [, monthName, day, hourText, minuteText, half, zoneText] = found;
  if (half === undefined && minuteText === undefined) return null;
  const hour = (Number(hourText) % (half === undefined ? 24 : 12)) + (half?.toLowerCase() === "pm" ? 12 : 0);
  const clock = { hour, minute: Number(minuteText ?? 0) };
  const zone = knownZone(zoneText);
  const today = dateIn(zone, now);
  if (monthName !== undefined && day !== undefined) {
    const month = MONTHS.indexOf(monthName.toLowerCase());
    if (month < 0) return null;
    const year = today.month - month > 6 ? today.year + 1 : today.year;
    return instant({ zone, year, month, day: Number(day), ...clock });
  }
  // Just after midnight, 11:59pm was yesterday.
  const days = [-1, 0, 1].map((day) => instant({ zone, ...today, day: today.day + day, ...clock }));
  return days.find((at) => at > now - JUST_OVER_MS) ?? null;
}

function knownZone(name: string | undefined): string | undefined {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

interface WallTime {
  readonly zone: string | undefined;
  readonly year: number;
  /** 0 to 11. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
}

/**
 * Return the instant of a wall-clock time: guess, compare with the clock of the zone, correct (twice, for a change of
 * offset).
 */
function instant({ zone, year, month, day, hour, minute }: WallTime): number {
  const wanted = Date.UTC(year, month, day, hour, minute);
  let guess = wanted;
  for (let round = 0; round < 2; round += 1) {
    const seen = dateIn(zone, guess);
    guess += wanted - Date.UTC(seen.year, seen.month, seen.day, seen.hour, seen.minute);
  }
  return guess;
}

function dateIn(zone: string | undefined, at: number): Omit<WallTime, "zone"> {
  const parts = new Intl.DateTimeFormat("en", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  }).formatToParts(at);
  const part = (type: string): number => Number(parts.find((each) => each.type === type)?.value);
  return { year: part("year"), month: part("month") - 1, day: part("day"), hour: part("hour"), minute: part("minute") };
}
